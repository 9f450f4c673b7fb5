//! In which order the views of tokens, viewers and addresses are.

use async_graphql::Enum;

use crate::analytics::usage::{By, Direction, OrderBy};

/// Which end of an order comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Direction")]
pub(crate) enum OrderDirection {
    /// The least, the first, or A.
    Ascending,
    /// The most, the last, or Z.
    Descending,
}

/// What a row of the IP view is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Enum)]
pub(crate) enum AddressGroup {
    /// An address.
    #[default]
    Address,
    /// The /24 of IPv4 addresses, the /64 of IPv6 ones.
    Subnet,
    /// A network (AS number).
    Network,
}

impl From<AddressGroup> for By {
    fn from(group: AddressGroup) -> Self {
        match group {
            AddressGroup::Address => Self::Address,
            AddressGroup::Subnet => Self::Subnet,
            AddressGroup::Network => Self::Network,
        }
    }
}

/// In which order tokens are; the most, or the last, first unless said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(crate) enum TokenUsageOrder {
    /// By score, then by who was there last.
    Score,
    /// By how long it was watched with.
    DurationSum,
    /// By how long a session took.
    DurationAvg,
    /// By sessions.
    Sessions,
    /// By streams.
    Streams,
    /// By addresses.
    Ips,
    /// By when it was used first, the latest first.
    FirstStart,
    /// By when it was used last.
    LastEnd,
    /// By sessions at once.
    MaxConcurrency,
    /// By its id.
    Jti,
    /// By the viewer.
    User,
    /// By the label.
    Tag,
    /// By how many networks it came from.
    Providers,
    /// By how many countries it came from.
    Countries,
    /// By how many sites it came from.
    Referrers,
    /// By how it stands: the revoked, the expired, the active. Refused where more than 2000 tokens that were not made here
    /// may have been revoked together.
    Status,
}

/// In which order viewers are; the most, or the last, first unless said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(crate) enum ViewerUsageOrder {
    /// By score, then by who was there last.
    Score,
    /// By how long they watched.
    DurationSum,
    /// By how long a session took.
    DurationAvg,
    /// By sessions.
    Sessions,
    /// By streams.
    Streams,
    /// By tokens.
    Tokens,
    /// By addresses.
    Ips,
    /// By media sent.
    Bytes,
    /// By when they watched first, the latest first.
    FirstStart,
    /// By who was there last.
    LastEnd,
    /// By sessions at once.
    MaxConcurrency,
    /// By the viewer.
    User,
    /// By how many networks they came from.
    Providers,
    /// By how many countries they came from.
    Countries,
    /// By whether they are banned: those who are first.
    Banned,
}

/// In which order addresses are; the most, or the last, first unless said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(crate) enum AddressUsageOrder {
    /// By score, then by who was there last.
    Score,
    /// By how long was watched from it.
    DurationSum,
    /// By how long a session took.
    DurationAvg,
    /// By sessions.
    Sessions,
    /// By streams.
    Streams,
    /// By tokens.
    Tokens,
    /// By when the first session began, the latest first.
    FirstStart,
    /// By who was there last.
    LastEnd,
    /// By sessions at once.
    MaxConcurrency,
    /// By the address, by its letters.
    Ip,
    /// By how many labels there are.
    Tags,
    /// By who runs the network.
    Provider,
    /// By the country's code.
    Country,
    /// By whether a rule blocks it: the blocked first. Refused where 100 000 rules of a kind or more are in force, or
    /// viewers came from 200 000 addresses or more.
    Blocked,
}

/// By which column rows are ordered, and which end of it comes first; by the first of all orders, the most first, unless said.
pub(crate) fn ordering<O: Default>(order: Option<impl Into<O>>, direction: Option<OrderDirection>) -> (O, Direction) {
    (
        order.map(Into::into).unwrap_or_default(),
        direction.map(Into::into).unwrap_or_default(),
    )
}

impl From<TokenUsageOrder> for OrderBy {
    fn from(order: TokenUsageOrder) -> Self {
        match order {
            TokenUsageOrder::Score => Self::Score,
            TokenUsageOrder::DurationSum => Self::Duration,
            TokenUsageOrder::DurationAvg => Self::MeanDuration,
            TokenUsageOrder::Sessions => Self::Sessions,
            TokenUsageOrder::Streams => Self::Streams,
            TokenUsageOrder::Ips => Self::Others,
            TokenUsageOrder::FirstStart => Self::FirstStart,
            TokenUsageOrder::LastEnd => Self::LastEnd,
            TokenUsageOrder::MaxConcurrency => Self::MaxConcurrency,
            TokenUsageOrder::Jti => Self::Subject,
            TokenUsageOrder::User => Self::User,
            TokenUsageOrder::Tag => Self::Tag,
            TokenUsageOrder::Providers => Self::Providers,
            TokenUsageOrder::Countries => Self::Countries,
            TokenUsageOrder::Referrers => Self::Referrers,
            TokenUsageOrder::Status => Self::Status,
        }
    }
}

impl From<ViewerUsageOrder> for OrderBy {
    fn from(order: ViewerUsageOrder) -> Self {
        match order {
            ViewerUsageOrder::Score => Self::Score,
            ViewerUsageOrder::DurationSum => Self::Duration,
            ViewerUsageOrder::DurationAvg => Self::MeanDuration,
            ViewerUsageOrder::Sessions => Self::Sessions,
            ViewerUsageOrder::Streams => Self::Streams,
            ViewerUsageOrder::Tokens => Self::Others,
            ViewerUsageOrder::Ips => Self::Addresses,
            ViewerUsageOrder::Bytes => Self::Bytes,
            ViewerUsageOrder::FirstStart => Self::FirstStart,
            ViewerUsageOrder::LastEnd => Self::LastEnd,
            ViewerUsageOrder::MaxConcurrency => Self::MaxConcurrency,
            ViewerUsageOrder::User => Self::Subject,
            ViewerUsageOrder::Providers => Self::Providers,
            ViewerUsageOrder::Countries => Self::Countries,
            ViewerUsageOrder::Banned => Self::Status,
        }
    }
}

impl From<AddressUsageOrder> for OrderBy {
    fn from(order: AddressUsageOrder) -> Self {
        match order {
            AddressUsageOrder::Score => Self::Score,
            AddressUsageOrder::DurationSum => Self::Duration,
            AddressUsageOrder::DurationAvg => Self::MeanDuration,
            AddressUsageOrder::Sessions => Self::Sessions,
            AddressUsageOrder::Streams => Self::Streams,
            AddressUsageOrder::Tokens => Self::Others,
            AddressUsageOrder::FirstStart => Self::FirstStart,
            AddressUsageOrder::LastEnd => Self::LastEnd,
            AddressUsageOrder::MaxConcurrency => Self::MaxConcurrency,
            AddressUsageOrder::Ip => Self::Subject,
            AddressUsageOrder::Tags => Self::Tags,
            AddressUsageOrder::Provider => Self::Provider,
            AddressUsageOrder::Country => Self::Country,
            AddressUsageOrder::Blocked => Self::Status,
        }
    }
}
