//! May this person do this? Roles and the Polar policy.
