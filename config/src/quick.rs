//! Maps whose keys nobody outside can choose: numbers of rows, and what administrators call things. They need no protection
//! against keys made to collide, and a call looks into them a hundred times.

use std::collections::HashMap;

use foldhash::fast::FixedState;

/// A map of such keys. Whoever looks for a key of their own choice can only miss.
pub type QuickMap<K, V> = HashMap<K, V, FixedState>;

/// How such keys are hashed.
pub(crate) const HASH: FixedState = FixedState::with_seed(0);
