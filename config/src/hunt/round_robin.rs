//! Round robin: one after the other, beginning with the member directly after the one that answered last. GRP-07.
//!
//! A call that nobody answers does not move the turn. If who answered last is no member any more, the turn begins at the
//! top again.

use super::top_to_bottom::top_to_bottom;

/// A round for each member, beginning after `last`.
pub(super) fn round_robin<T: PartialEq>(mut members: Vec<T>, last: Option<&T>) -> Vec<Vec<T>> {
    if let Some(at) = last.and_then(|last| members.iter().position(|member| member == last)) {
        members.rotate_left(at + 1);
    }
    top_to_bottom(members)
}

#[cfg(test)]
mod tests {
    use super::round_robin;

    /// GRP-07
    #[test]
    fn the_member_after_the_one_that_answered_last_is_first() {
        assert_eq!(round_robin(vec![1, 2, 3], None), [[1], [2], [3]]);
        assert_eq!(round_robin(vec![1, 2, 3], Some(&1)), [[2], [3], [1]]);
        assert_eq!(round_robin(vec![1, 2, 3], Some(&3)), [[1], [2], [3]]);
        assert_eq!(round_robin(vec![1, 2, 3], Some(&9)), [[1], [2], [3]]);
        assert!(round_robin(vec![], Some(&1)).is_empty());
    }
}
