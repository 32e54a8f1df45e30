/** How large a picture is shown, and which part of it: by wheel, keys, and one or two fingers. */

const MOST = 8;

interface Point {
  readonly x: number;
  readonly y: number;
}

export class Zoom {
  #scale = $state(1);
  #x = $state(0);
  #y = $state(0);
  readonly #fingers = new Map<number, Point>();
  #start: Point | null = null;
  #pinched = false;

  get zoomed(): boolean {
    return this.#scale > 1;
  }

  get scale(): number {
    return this.#scale;
  }

  get transform(): string {
    return `translate(${this.#x}px, ${this.#y}px) scale(${this.#scale})`;
  }

  reset(): void {
    this.#scale = 1;
    this.#x = 0;
    this.#y = 0;
  }

  /** Makes it larger by a factor; the place `around`, from the middle, stays where it is. */
  by(factor: number, around: Point = { x: 0, y: 0 }): void {
    const scale = Math.min(MOST, Math.max(1, this.#scale * factor));
    if (scale === 1) {
      this.reset();
      return;
    }
    const real = scale / this.#scale;
    this.#x = around.x - (around.x - this.#x) * real;
    this.#y = around.y - (around.y - this.#y) * real;
    this.#scale = scale;
  }

  move(x: number, y: number): void {
    if (!this.zoomed) return;
    this.#x += x;
    this.#y += y;
  }

  down(finger: number, at: Point): void {
    if (this.#fingers.size === 0) {
      this.#start = at;
      this.#pinched = false;
    } else this.#pinched = true;
    this.#fingers.set(finger, at);
  }

  drag(finger: number, at: Point): void {
    const before = this.#fingers.get(finger);
    if (before === undefined) return;
    const other = [...this.#fingers].find(([id]) => id !== finger)?.[1];
    this.#fingers.set(finger, at);
    if (other === undefined) {
      this.move(at.x - before.x, at.y - before.y);
      return;
    }
    const apart = (point: Point): number => Math.max(1, Math.hypot(point.x - other.x, point.y - other.y));
    this.by(apart(at) / apart(before), { x: (at.x + other.x) / 2, y: (at.y + other.y) / 2 });
  }

  /** A finger is lifted: how far it has moved, where it was the only one. */
  up(finger: number): Point | null {
    const at = this.#fingers.get(finger);
    this.#fingers.delete(finger);
    if (at === undefined || this.#start === null || this.#pinched) return null;
    return { x: at.x - this.#start.x, y: at.y - this.#start.y };
  }
}
