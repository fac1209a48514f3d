//! Longest idle: one after the other, first who has had no call for the longest time. GRP-09.
//!
//! Measured from the end of the last answered call of any kind; who never had one is first; ties by list order.

use super::top_to_bottom::top_to_bottom;

/// A round for each member; `last_call` says when a member's last answered call ended.
pub(super) fn longest_idle<T>(mut members: Vec<T>, last_call: impl Fn(&T) -> Option<i64>) -> Vec<Vec<T>> {
    // Stable, and `None` sorts before any moment.
    members.sort_by_key(|member| last_call(member));
    top_to_bottom(members)
}

#[cfg(test)]
mod tests {
    use super::longest_idle;

    /// GRP-09
    #[test]
    fn who_had_no_call_for_the_longest_time_is_first() {
        let last_call = |member: &u8| match member {
            1 => Some(500),
            2 => Some(100),
            3 | 4 => None,
            _ => Some(100),
        };
        assert_eq!(longest_idle(vec![1, 2, 3, 4, 5], last_call), [[3], [4], [2], [5], [1]]);
    }
}
