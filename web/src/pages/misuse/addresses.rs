//! The IP view: what was watched from each address.

use std::future::Future;

use leptos::prelude::*;

use super::{
    act::{BlockButton, Ways},
    address::Panel,
    block::{Blocked, Reach, barred, network},
    parts::{Open, Score, lasted},
    place::Place,
    view::{Column, Row, whole},
};
use crate::{
    api::{
        client::Api,
        failure::Failure,
        misuse::{self, AddressGroup, AddressUsage, AddressUsageOrder, Filter, Part},
        page::Page,
        rules::Kind,
        token_making::Number,
    },
    country,
    kit::{Name, Select, When},
    time,
};

/// The view.
#[component]
pub(crate) fn IpView() -> impl IntoView {
    whole::<AddressUsage>()
}

impl Row for AddressUsage {
    type Order = AddressUsageOrder;
    const FIRST: AddressUsageOrder = AddressUsageOrder::Score;
    const PATH: &'static str = "/misuse/addresses";
    const TITLE: &'static str = "IP view";
    const LEAD: &'static str = "What was watched from each address, those that look like misuse first.";
    const TABLE: &'static str = "address-usage";
    const COLUMNS: &'static [Column<AddressUsageOrder>] = &[
        Column::of(AddressUsageOrder::Ip, "ip", "IP", true),
        Column::of(AddressUsageOrder::DurationSum, "duration", "Duration sum", false),
        Column::of(AddressUsageOrder::DurationAvg, "average", "Duration average", false),
        Column::of(AddressUsageOrder::Sessions, "sessions", "Sessions", false),
        Column::of(AddressUsageOrder::Streams, "streams", "Streams", false),
        Column::of(AddressUsageOrder::Tokens, "tokens", "Tokens", false),
        Column::of(AddressUsageOrder::Tags, "tags", "Tags", false),
        Column::of(AddressUsageOrder::Provider, "provider", "Provider", true),
        Column::of(AddressUsageOrder::Country, "country", "Country", true),
        Column::of(AddressUsageOrder::FirstStart, "first", "First start", false),
        Column::of(AddressUsageOrder::LastEnd, "last-end", "Last end", false),
        Column::of(
            AddressUsageOrder::MaxConcurrency,
            "concurrency",
            "Max concurrency",
            false,
        ),
        Column::of(AddressUsageOrder::Score, "score", "Score", false),
        Column::of(AddressUsageOrder::Blocked, "status", "Blocked", false),
    ];
    const LAST: &'static str = "Block";
    const BLOCKS: bool = true;
    const SUBJECT: &'static str = "Address";

    fn page(
        api: Api,
        part: Part,
        order: AddressUsageOrder,
    ) -> impl Future<Output = Result<Page<Self>, Failure>> + 'static {
        misuse::addresses(api, part, order)
    }

    fn count(api: Api, part: Part) -> impl Future<Output = Result<i32, Failure>> + 'static {
        misuse::count_addresses(api, part)
    }

    fn called(subject: &str) -> &'static str {
        match group_of(subject) {
            AddressGroup::Address => Self::SUBJECT,
            AddressGroup::Subnet => "Subnet",
            AddressGroup::Network => "Network",
        }
    }

    fn counted(total: i32, place: Place) -> String {
        match place.group() {
            AddressGroup::Address => time::count(total, "address", "addresses"),
            AddressGroup::Subnet => time::count(total, "subnet", "subnets"),
            AddressGroup::Network => time::count(total, "network", "networks"),
        }
    }

    fn beside(place: Place) -> AnyView {
        let options = GROUPS.map(|(word, label)| (word.to_owned(), label.to_owned())).to_vec();
        let choose = move |word: String| place.go([("group", word)]);
        view! { <Select label="A row is" options chosen=place.signal("group") on_choose=choose/> }.into_any()
    }

    fn narrowed(place: Place) -> Vec<(&'static str, String)> {
        vec![("groupBy", place.of("group").to_uppercase())]
    }

    fn panel(place: Place, subject: String, ways: Ways) -> AnyView {
        view! { <Panel place name=subject ways/> }.into_any()
    }

    fn cells(self, place: Place, ways: Ways) -> AnyView {
        let (reaches, barred) = (reaches(&self), barred(self.blocked_by.as_ref()));
        view! {
            <tr>
                <th scope="row"><Subject place of=self.ip.clone() addresses=self.addresses/></th>
                <td data-label="Duration sum" class="num">{lasted(self.duration_sum_s)}</td>
                <td data-label="Duration average" class="num">{lasted(self.duration_avg_s)}</td>
                <td data-label="Sessions" class="num">{self.sessions}</td>
                <td data-label="Streams" class="num">{self.streams}</td>
                <td data-label="Tokens" class="num">{self.tokens}</td>
                <td data-label="Tags">{self.tags.into_iter().map(|tag| view! { <span class="tag">{tag}</span> }).collect_view()}</td>
                <td data-label="Provider">{self.provider.map(|of| view! { <Name of/> })}</td>
                <td data-label="Country">{self.country.map(|code| country::name(&code))}</td>
                <td data-label="First start" class="soft"><When at=self.first_start/></td>
                <td data-label="Last end" class="soft">{match self.last_end {
                    Some(at) => view! { <When at/> }.into_any(),
                    None => "Watches now".into_any(),
                }}</td>
                <td data-label="Max concurrency" class="num">{self.max_concurrency}</td>
                <td data-label="Score" class="stay stay-score"><Score score=self.score indicators=self.indicators/></td>
                <td data-label="Blocked" class="stay stay-state">{match self.blocked_by {
                    Some(by) => view! { <Blocked by/> }.into_any(),
                    None => "No".into_any(),
                }}</td>
                <td class="acts stay stay-acts"><BlockButton ways reaches barred/></td>
            </tr>
        }
        .into_any()
    }
}

/// What a row may be: its name in the address, and what it is called.
const GROUPS: [(&str, &str); 3] = [
    ("", "An address"),
    ("subnet", "A subnet, /24 or /64"),
    ("network", "A network, by AS number"),
];

/// The way into a row.
#[component]
fn Subject(place: Place, of: String, addresses: i32) -> impl IntoView {
    if place.group() == AddressGroup::Address {
        return view! { <Open place of/> }.into_any();
    }
    let under = view! { <span class="under">{time::count(addresses, "address", "addresses")}</span> };
    if of == "none" {
        // Nothing can be asked for that is not known.
        return view! { "Not known"{under} }.into_any();
    }
    view! { <Open place of/>{under} }.into_any()
}

/// What a row of that name is of: `AS64500`, `192.0.2.0/24`, or an address.
pub(super) fn group_of(name: &str) -> AddressGroup {
    if asn(name).is_some() {
        AddressGroup::Network
    } else if name.contains('/') {
        AddressGroup::Subnet
    } else {
        AddressGroup::Address
    }
}

/// The row of an address that something was found of, or that a case has: the first IPv6 address of a /64 stands for that.
pub(super) fn row_of(ip: &str) -> String {
    network(ip)
        .filter(|network| network.strip_suffix("/64") == Some(ip))
        .unwrap_or_else(|| ip.to_owned())
}

/// What leaves the sessions of the row of that name.
pub(super) fn filter_of(name: &str) -> Filter {
    match asn(name) {
        Some(number) => Filter {
            asn: Some(Number(number)),
            ..Filter::default()
        },
        None => Filter {
            ip: Some(name.to_owned()),
            ..Filter::default()
        },
    }
}

fn asn(name: &str) -> Option<u32> {
    name.strip_prefix("AS")?.parse().ok()
}

/// What a rule could look for, to keep that address out.
pub(super) fn reaches(row: &AddressUsage) -> Vec<Reach> {
    let asn = row.asn.map(|asn| asn.0);
    if row.ip == "none" {
        return vec![Reach::of(Kind::Asn, "", UNKNOWN_NETWORKS.to_owned())];
    }
    if let Some(number) = row.ip.strip_prefix("AS") {
        let name = row
            .provider
            .as_deref()
            .map(|name| format!(" ({name})"))
            .unwrap_or_default();
        return vec![Reach::of(Kind::Asn, number, format!("Network AS{number}{name}"))];
    }
    Reach::around(&row.ip, asn, row.provider.as_deref(), row.country.as_deref())
}

/// What networks are called whose number is not known.
pub(super) const UNKNOWN_NETWORKS: &str = "Networks that are not known";
