/** Forms as browsers and clients write them. */

/** A form's parts: fields, then the file, then what may follow it. */
export interface FormParts {
  readonly fields?: Readonly<Record<string, string>>;
  readonly file?: { readonly name: string; readonly bytes: Uint8Array };
  readonly after?: Readonly<Record<string, string>>;
  readonly boundary?: string;
  readonly end?: string;
}

/** The bytes of a form. */
export function formBytes(parts: FormParts): Buffer {
  const { fields = {}, file, after = {}, boundary = "b0", end = "--\r\n" } = parts;
  const field = ([name, value]: [string, string]) =>
    `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
  const fileHead = file
    ? `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${file.name}"\r\nContent-Type: text/plain\r\n\r\n`
    : "";
  return Buffer.concat([
    Buffer.from(Object.entries(fields).map(field).join("") + fileHead),
    file?.bytes ?? Buffer.alloc(0),
    Buffer.from(file ? "\r\n" : ""),
    Buffer.from(Object.entries(after).map(field).join("")),
    Buffer.from(`--${boundary}${end}`),
  ]);
}
