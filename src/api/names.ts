/** Name rules of RFC 1123 and 1035 with Kubernetes' sentences. Each function returns what is wrong, or nothing. */

const label1123 = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const subdomain1123 = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const label1035 = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
const qualifiedName = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const labelValue = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;

const labelMaxLength = 63;
const subdomainMaxLength = 253;

function tooLong(max: number): string {
  return `must be no more than ${max} characters`;
}

/** `web-1`. */
export function dnsLabelProblems(name: string): string[] {
  const problems: string[] = [];
  if (name.length > labelMaxLength) problems.push(tooLong(labelMaxLength));
  if (!label1123.test(name)) {
    problems.push(
      name.length === 0 || subdomain1123.test(name) === false || !name.includes('.')
        ? "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
        : 'must not contain dots',
    );
  }
  return problems;
}

/** `web-1.example.com`. */
export function dnsSubdomainProblems(name: string): string[] {
  const problems: string[] = [];
  if (name.length > subdomainMaxLength) problems.push(tooLong(subdomainMaxLength));
  if (!subdomain1123.test(name)) {
    problems.push(
      "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
    );
  }
  return problems;
}

/** Starts with a letter: services. */
export function dns1035LabelProblems(name: string): string[] {
  const problems: string[] = [];
  if (name.length > labelMaxLength) problems.push(tooLong(labelMaxLength));
  if (!label1035.test(name)) {
    problems.push(
      "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')",
    );
  }
  return problems;
}

/** Keys of labels and annotations, names of resources: `example.com/name` or `name`. */
export function qualifiedNameProblems(key: string): string[] {
  const shapeProblem =
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
  const parts = key.split('/');
  if (parts.length > 2) {
    return [
      `a qualified name ${shapeProblem} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  }
  const problems: string[] = [];
  const name = parts.at(-1) ?? '';
  if (parts.length === 2) {
    const prefix = parts[0] ?? '';
    if (prefix === '') problems.push('prefix part must be non-empty');
    else problems.push(...dnsSubdomainProblems(prefix).map((problem) => `prefix part ${problem}`));
  }
  if (name === '') problems.push('name part must be non-empty');
  else if (name.length > labelMaxLength) problems.push(`name part ${tooLong(labelMaxLength)}`);
  if (!qualifiedName.test(name)) problems.push(`name part ${shapeProblem}`);
  return problems;
}

export function labelValueProblems(value: string): string[] {
  const problems: string[] = [];
  if (value.length > labelMaxLength) problems.push(tooLong(labelMaxLength));
  if (!labelValue.test(value)) {
    problems.push(
      "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
    );
  }
  return problems;
}

/** What generated suffixes are made of: no vowels and no look-alikes, so no words. */
export const suffixAlphabet = 'bcdfghjklmnpqrstvwxz2456789';
const suffixLength = 5;
const baseMaxLength = labelMaxLength - suffixLength;

/** `base` + 5 characters; `draw(n)` returns a whole number in [0, n). */
export function generateName(base: string, draw: (below: number) => number): string {
  let suffix = '';
  for (let i = 0; i < suffixLength; i++) suffix += suffixAlphabet[draw(suffixAlphabet.length)]!;
  return base.slice(0, baseMaxLength) + suffix;
}
