/** Something a declaration says that a state machine cannot do. Whoever knows the step makes it an error of ours. */
export class NotDrawable extends Error {
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }
}
