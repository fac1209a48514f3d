//! `*67n`: calls n without showing who calls. FC-15.

use crate::call::{Call, Next};

/// Routes the number behind the code as if it had been dialled alone.
pub(super) fn hide(call: &Call, number: &str) -> Next {
    call.hide();
    call.note("Hidden", "the called do not see who calls", "feature codes");
    call.dial_on(number)
}
