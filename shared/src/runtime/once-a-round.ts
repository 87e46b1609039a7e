/** Work that is to be done once at the end of a round of the event loop, however often it is wished for in it. */

/** Gives what asks for `endRound` at the end of this round. It may be asked for again from within: for the round after. */
export function onceARound(endRound: () => void): () => void {
  let isAsked = false;
  return () => {
    if (isAsked) return;
    isAsked = true;
    setImmediate(() => {
      isAsked = false;
      endRound();
    });
  };
}
