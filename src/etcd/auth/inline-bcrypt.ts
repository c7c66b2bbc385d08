import { hashSync } from 'bcryptjs';

import type { Bcrypt } from '../../platform/credentials.ts';

/**
 * bcrypt on the spot, for tests. At sea it has a thread of its own, and in the simulator something of its shape must do: bcryptjs
 * looks at the real clock.
 */
export const inlineBcrypt: Bcrypt = (password, salt) =>
  new Promise((resolve) => resolve(hashSync(password, salt)));
