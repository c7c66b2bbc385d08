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

const ipV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)\.){3}(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)$/;

/** Whether `text` is an IPv4 address in dotted form. */
export function isIpV4(text: string): boolean {
  return ipV4.test(text);
}

/** Whether `text` is an IPv6 address. */
export function isIpV6(text: string): boolean {
  const halves = text.split('::');
  if (halves.length > 2 || !text.includes(':')) return false;
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')));
  const last = groups.at(-1);
  let count = groups.length;
  if (last !== undefined && last.includes('.')) {
    if (!isIpV4(last)) return false;
    groups.pop();
    count++;
  }
  if (!groups.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return false;
  return halves.length === 2 ? count < 8 : count === 8;
}

/** What is wrong with an IP address, if anything. */
export function ipProblem(text: string): string | undefined {
  if (isIpV4(text) || isIpV6(text)) return undefined;
  return 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)';
}

/** What is wrong with a CIDR block, if anything. */
export function cidrProblem(text: string): string | undefined {
  const match = /^(.*)\/(\d{1,3})$/.exec(text);
  const bits = Number(match?.[2] ?? -1);
  const fits = isIpV4(match?.[1] ?? '') ? bits <= 32 : isIpV6(match?.[1] ?? '') && bits <= 128;
  if (match !== null && fits) return undefined;
  return 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)';
}

const portNameMaxLength = 15;

/** Names of ports: IANA service names (RFC 6335). */
export function portNameProblems(name: string): string[] {
  const problems: string[] = [];
  if (name.length > portNameMaxLength) problems.push(`must be no more than ${portNameMaxLength} characters`);
  if (!/^[-a-z0-9]+$/.test(name))
    problems.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)');
  if (!/[a-z]/.test(name)) problems.push('must contain at least one letter (a-z)');
  if (name.includes('--')) problems.push('must not contain consecutive hyphens');
  if (name.startsWith('-') || name.endsWith('-')) problems.push('must not begin or end with a hyphen');
  return problems;
}

/** Keys of ConfigMaps and Secrets: they become file names. */
export function configKeyProblems(key: string): string[] {
  const problems: string[] = [];
  if (key.length > subdomainMaxLength) problems.push(tooLong(subdomainMaxLength));
  if (!/^[-._a-zA-Z0-9]+$/.test(key)) {
    problems.push(
      "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
    );
  }
  if (key === '.' || key === '..') problems.push(`must not be '${key}'`);
  else if (key.startsWith('..')) problems.push("must not start with '..'");
  return problems;
}
