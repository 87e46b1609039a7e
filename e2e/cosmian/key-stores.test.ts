/** The story of a whole gateway on a real Cosmian KMS, in both ways to ask it, and a table of what was shown. */
import { cosmianSite } from "../key-stores/kmip.ts";
import { tellOn } from "../key-stores/story.ts";

tellOn({
  "Cosmian KMS (JSON)": () => cosmianSite("json"),
  "Cosmian KMS (binary)": () => cosmianSite("binary"),
});
