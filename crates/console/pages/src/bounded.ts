// Fields that the server bounds by bytes: a letter of Khmer, Lao, Burmese or Thai has three of them.

import type { Words } from "./words";

const ENCODER = new TextEncoder();

/** Bytes of what would be sent of a field. */
export function bytesOf(text: string): number {
  return ENCODER.encode(text.trim().replace(/\s+/g, " ")).length;
}

/** While somebody types: says by how much it is too long, and the form is not sent. */
export function bounded(words: Words, bytes: number): (event: Event) => void {
  return ({ currentTarget }) => {
    const field = currentTarget as HTMLInputElement | HTMLTextAreaElement;
    const over = bytesOf(field.value) - bytes;
    field.setCustomValidity(over > 0 ? words.text("too-many-bytes", { over }) : "");
    if (over > 0) field.reportValidity();
  };
}
