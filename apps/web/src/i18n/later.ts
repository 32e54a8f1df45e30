import { add } from '.';
import { enLater } from './en-later';

// Whoever imports this module has the texts of all parts that load later. They are one file, which the browser keeps.
add(enLater);
