import { hashSync } from 'bcryptjs';

import type { Bcrypt } from '../../platform/credentials.ts';

/** bcrypt on the spot, for the simulator, whose clock does not mind, and for tests. At sea it has a thread of its own. */
export const inlineBcrypt: Bcrypt = (password, salt) =>
  new Promise((resolve) => resolve(hashSync(password, salt)));
