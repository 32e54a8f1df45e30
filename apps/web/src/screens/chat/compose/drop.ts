/** Takes files that are dragged onto an element, wherever on it they are dropped. */
import { hasFiles } from './pasted';

interface Options {
  /** Whether files can be taken now. */
  able(): boolean;
  /** Files are over it, or not any more. */
  over(over: boolean): void;
  ondrop(files: File[]): void;
}

export function takesFiles({ able, over, ondrop }: Options): (element: HTMLElement) => () => void {
  return (element) => {
    // Entering something inside comes before leaving what is around it.
    let depth = 0;
    const enter = (event: DragEvent): void => {
      if (!hasFiles(event.dataTransfer)) return;
      event.preventDefault();
      depth += 1;
      over(able());
    };
    const move = (event: DragEvent): void => {
      if (!hasFiles(event.dataTransfer)) return;
      // Also where they cannot be taken: else the browser would open the file in place of the app.
      event.preventDefault();
      if (event.dataTransfer !== null) event.dataTransfer.dropEffect = able() ? 'copy' : 'none';
    };
    const leave = (event: DragEvent): void => {
      if (!hasFiles(event.dataTransfer)) return;
      depth = Math.max(0, depth - 1);
      if (depth === 0) over(false);
    };
    const drop = (event: DragEvent): void => {
      if (!hasFiles(event.dataTransfer)) return;
      event.preventDefault();
      depth = 0;
      over(false);
      if (able()) ondrop(Array.from(event.dataTransfer?.files ?? []));
    };
    element.addEventListener('dragenter', enter);
    element.addEventListener('dragover', move);
    element.addEventListener('dragleave', leave);
    element.addEventListener('drop', drop);
    return () => {
      element.removeEventListener('dragenter', enter);
      element.removeEventListener('dragover', move);
      element.removeEventListener('dragleave', leave);
      element.removeEventListener('drop', drop);
    };
  };
}
