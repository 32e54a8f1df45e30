import type { IconName } from '../icons/paths';

/** What can be done with the thing that a menu is of: something, or one of several. */
export interface Action {
  text: string;
  icon: IconName;
  danger?: boolean;
  /** Whether a line stands before it. */
  separated?: boolean;
  /** Whether it takes the focus elsewhere: else it goes back to what the menu is of. */
  leaves?: boolean;
  run?: () => void;
  /** Shown in place of the menu, under its text. */
  more?: readonly Action[];
}
