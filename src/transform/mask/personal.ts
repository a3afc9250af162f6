/** Words in the names of columns that often hold something about a person. */
const words: ReadonlySet<string> = new Set([
  ...['email', 'mail', 'phone', 'tel', 'telephone', 'mobile', 'fax', 'msisdn'],
  ...['firstname', 'lastname', 'surname', 'forename', 'fullname', 'nickname', 'kana', 'furigana', 'username'],
  ...['address', 'addr', 'street', 'zip', 'zipcode', 'postcode', 'postal', 'latitude', 'longitude'],
  ...['birth', 'birthday', 'birthdate', 'dob', 'gender', 'sex', 'nationality', 'religion'],
  ...['ssn', 'passport', 'licence', 'license', 'iban', 'iban', 'card', 'pan', 'cvv', 'account', 'salary'],
  ...['password', 'passwd', 'secret', 'token', 'ip', 'ipaddress', 'useragent', 'imei'],
]);

/** Names of several words. */
const pairs: readonly (readonly [string, string])[] = [
  ['first', 'name'],
  ['last', 'name'],
  ['full', 'name'],
  ['family', 'name'],
  ['given', 'name'],
  ['user', 'name'],
  ['customer', 'name'],
  ['contact', 'name'],
  ['user', 'agent'],
];

/** Whether a column of this name looks as if it held personal data: a guess, for a warning. */
export function looksPersonal(name: string): boolean {
  const parts = name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((part) => part !== '');
  if (parts.length === 1 && parts[0] === 'name') return true;
  return parts.some(
    (part, index) =>
      words.has(part) || pairs.some(([one, next]) => part === one && parts[index + 1] === next),
  );
}
