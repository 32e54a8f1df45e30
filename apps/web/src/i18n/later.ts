import { enLater } from './en-later';
import { addLater } from './load';

// Whoever imports this module has the texts of all parts that load later; `part` adds those of the language in use.
addLater(enLater);
