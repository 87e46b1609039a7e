/** A container image made of nothing but its layers, as a folder in the OCI image layout. */
import { hash } from "node:crypto";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runToEnd } from "../servers/child.ts";

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

const TYPE = "application/vnd.oci.image";

/** Makes an image in `folder`, tagged `latest`; each layer holds one file of the content given. */
export async function makeOciImage(folder: string, contents: readonly Buffer[]): Promise<void> {
  const blobs = join(folder, "blobs/sha256");
  await mkdir(blobs, { recursive: true });
  const keep = async (type: string, content: Buffer): Promise<Descriptor> => {
    const sha256 = hash("sha256", content);
    await writeFile(join(blobs, sha256), content);
    return { mediaType: type, digest: `sha256:${sha256}`, size: content.length };
  };
  const json = (type: string, value: object) => keep(type, Buffer.from(JSON.stringify(value)));
  const layers: Descriptor[] = [];
  for (const [n, content] of contents.entries()) {
    layers.push(await keep(`${TYPE}.layer.v1.tar`, await tarOf(folder, `file-${n}`, content)));
  }
  const config = await json(`${TYPE}.config.v1+json`, {
    architecture: "amd64",
    os: "linux",
    config: {},
    rootfs: { type: "layers", diff_ids: layers.map(({ digest }) => digest) },
  });
  const mediaType = `${TYPE}.manifest.v1+json`;
  const manifest = await json(mediaType, { schemaVersion: 2, mediaType, config, layers });
  const annotations = { "org.opencontainers.image.ref.name": "latest" };
  const index = { schemaVersion: 2, manifests: [{ ...manifest, annotations }] };
  await writeFile(join(folder, "index.json"), JSON.stringify(index));
  await writeFile(join(folder, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
}

/** The digests that the blobs of an image have, which must also be their names, in order. */
export async function blobDigests(folder: string): Promise<string[]> {
  const blobs = join(folder, "blobs/sha256");
  const digests: string[] = [];
  for (const name of (await readdir(blobs)).sort()) {
    digests.push(hash("sha256", await readFile(join(blobs, name))));
  }
  return digests;
}

async function tarOf(folder: string, name: string, content: Buffer): Promise<Buffer> {
  const [file, archive] = [join(folder, name), join(folder, `${name}.tar`)];
  await writeFile(file, content);
  await runToEnd({ program: "tar", args: ["-C", folder, "-cf", archive, name] });
  return await readFile(archive);
}
