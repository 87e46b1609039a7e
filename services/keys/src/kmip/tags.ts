/** Numbers of KMIP: tags and enumerations (KMIP 2.1 §11), as far as a client that encrypts and decrypts sends or reads them. */

/** Tags by name, as KMIP spells them in JSON. */
export const TAG = {
  AuthenticatedEncryptionAdditionalData: 0x4200fe,
  AuthenticatedEncryptionTag: 0x4200ff,
  BatchCount: 0x42000d,
  BatchItem: 0x42000f,
  BlockCipherMode: 0x420011,
  CryptographicAlgorithm: 0x420028,
  CryptographicParameters: 0x42002b,
  Data: 0x4200c2,
  IVCounterNonce: 0x42003d,
  Operation: 0x42005c,
  ProtocolVersion: 0x420069,
  ProtocolVersionMajor: 0x42006a,
  ProtocolVersionMinor: 0x42006b,
  RequestHeader: 0x420077,
  RequestMessage: 0x420078,
  RequestPayload: 0x420079,
  ResponseHeader: 0x42007a,
  ResponseMessage: 0x42007b,
  ResponsePayload: 0x42007c,
  ResultMessage: 0x42007d,
  ResultReason: 0x42007e,
  ResultStatus: 0x42007f,
  TagLength: 0x4200ce,
  TimeStamp: 0x420092,
  UniqueIdentifier: 0x420094,
} as const;
export type TagName = keyof typeof TAG;

/** Enumerations by the tag they stand under; names as servers write them in JSON. */
export const ENUMERATIONS = {
  BlockCipherMode: { GCM: 0x09, AESKeyWrapPadding: 0x0c, NISTKeyWrap: 0x0d },
  CryptographicAlgorithm: { AES: 0x03 },
  Operation: { DiscoverVersions: 0x1e, Encrypt: 0x1f, Decrypt: 0x20 },
  ResultStatus: { Success: 0x00, OperationFailed: 0x01 },
  ResultReason: {
    ItemNotFound: 0x01,
    AuthenticationNotSuccessful: 0x03,
    InvalidMessage: 0x04,
    OperationNotSupported: 0x05,
    MissingData: 0x06,
    InvalidField: 0x07,
    FeatureNotSupported: 0x08,
    CryptographicFailure: 0x0a,
    PermissionDenied: 0x0c,
    ObjectArchived: 0x0d,
    BadCryptographicParameters: 0x24,
    ObjectDestroyed: 0x36,
    ObjectNotFound: 0x37,
    NotAuthorised: 0x39,
    UnsupportedCryptographicParameters: 0x3e,
    UnsupportedProtocolVersion: 0x3f,
    WrongKeyLifecycleState: 0x43,
    GeneralFailure: 0x100,
  },
} as const satisfies Partial<Record<TagName, Readonly<Record<string, number>>>>;
export type EnumerationTag = keyof typeof ENUMERATIONS;

const NAME_OF_TAG = new Map(Object.entries(TAG).map(([name, tag]) => [tag as number, name]));
const TAG_OF_NAME: ReadonlyMap<string, number> = new Map(Object.entries(TAG));

/** The name of a tag; undefined for one that is not used here. */
export function tagName(tag: number): string | undefined {
  return NAME_OF_TAG.get(tag);
}

/** The number of a tag; 0, which no tag has, for a name that is not used here. */
export function tagNumber(name: string): number {
  return TAG_OF_NAME.get(name) ?? 0;
}

/** The name of a value under an enumeration's tag; undefined for one that is not used here. */
export function enumerationName(tag: number, value: number): string | undefined {
  return valuesOf(tag).find(([, known]) => known === value)?.[0];
}

/** The value of a name, whatever its case and underscores; undefined for one that is not used here. */
export function enumerationValue(tag: number, name: string): number | undefined {
  const wanted = plain(name);
  return valuesOf(tag).find(([known]) => plain(known) === wanted)?.[1];
}

function valuesOf(tag: number): [string, number][] {
  const name = tagName(tag);
  return isEnumerationTag(name) ? Object.entries(ENUMERATIONS[name]) : [];
}

function isEnumerationTag(name: string | undefined): name is EnumerationTag {
  return name !== undefined && Object.hasOwn(ENUMERATIONS, name);
}

function plain(name: string): string {
  return name.replaceAll("_", "").toLowerCase();
}
