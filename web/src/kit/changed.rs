//! What somebody changed in a form.

/// What stands in a form now, if it is not what the form began with. Only that is sent: whatever another set meanwhile
/// stays.
pub(crate) fn changed<T: PartialEq>(now: T, before: &T) -> Option<T> {
    (now != *before).then_some(now)
}
