/** Text of tokens as they come: only whole characters, never taken back. */
export interface DecodeStream {
  /** The text that is certain now; "" while a character is incomplete. */
  push(ids: number | Iterable<number>): string;
  /** What is left; bytes that never became a character are U+FFFD. The stream begins anew. */
  end(): string;
}

/** For tokens that are bytes. */
export function byteStream(bytesOf: (id: number) => Uint8Array | undefined): DecodeStream {
  let decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  return {
    push(ids) {
      let text = "";
      for (const id of typeof ids === "number" ? [ids] : ids) {
        const bytes = bytesOf(id);
        if (bytes !== undefined) text += decoder.decode(bytes, { stream: true });
      }
      return text;
    },
    end() {
      const rest = decoder.decode();
      decoder = new TextDecoder("utf-8", { ignoreBOM: true });
      return rest;
    },
  };
}

/** For any decoder: what the newest tokens add to the text of the few before them. */
export function windowStream(decode: (ids: readonly number[]) => string): DecodeStream {
  let ids: number[] = [];
  /** How many of `ids` have been told, and their text. */
  let told = 0;
  let before = "";
  const tell = (last: boolean): string => {
    const text = decode(ids);
    // A character whose bytes have not all come ends in U+FFFD.
    if (!last && (text.endsWith("\ufffd") || text.length <= before.length)) return "";
    const fresh = text.slice(before.length);
    ids = ids.slice(told);
    told = ids.length;
    before = decode(ids);
    return fresh;
  };
  return {
    push(more) {
      let text = "";
      for (const id of typeof more === "number" ? [more] : more) {
        ids.push(id);
        text += tell(false);
      }
      return text;
    },
    end() {
      const text = ids.length > told ? tell(true) : "";
      ids = [];
      told = 0;
      before = "";
      return text;
    },
  };
}
