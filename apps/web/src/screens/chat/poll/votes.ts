import type { PollOptionView, PollView } from '../../../generated/types';

/** How many of those who voted chose it, in per cent. */
export function shareOf(option: PollOptionView, poll: PollView): number {
  return poll.voters === 0 ? 0 : Math.round((100 * option.count) / poll.voters);
}

/** The places that are chosen after somebody has pressed one; null where that changes nothing. */
export function chosenAfter(poll: PollView, pressed: number): number[] | null {
  if (!poll.multiple) return poll.options[pressed]?.mine === true ? null : [pressed];
  return poll.options.flatMap(({ mine }, place) => (mine === (place !== pressed) ? [place] : []));
}

/** What is wrong with a poll that somebody writes; null where it can be asked. */
export function wrongWith(
  question: string,
  options: readonly string[],
  limits: { question: number; option: number },
  length: (text: string) => number,
): 'question' | 'long_question' | 'few' | 'long_option' | 'same' | null {
  if (question.trim() === '') return 'question';
  if (length(question.trim()) > limits.question) return 'long_question';
  const written = writtenOf(options);
  if (written.length < 2) return 'few';
  if (written.some((option) => length(option) > limits.option)) return 'long_option';
  return new Set(written.map((option) => option.normalize('NFC'))).size < written.length ? 'same' : null;
}

/** The options that are not empty. */
export function writtenOf(options: readonly string[]): string[] {
  return options.map((option) => option.trim()).filter((option) => option !== '');
}
