//! Tables as types, read from a tenant only.
