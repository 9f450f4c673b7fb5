//! Everything that touches one address, one subnet or one network: its addresses, its tokens, its networks, its players, its sessions, and the ways to cut.

use leptos::prelude::*;

use super::{
    act::{BlockButton, NoRules, Ways},
    addresses::{filter_of, group_of, reaches},
    block::{Blocked, barred},
    cases::{AddButton, Adding},
    panel::{Judged, Known, Touching, known, part, rest, view_of},
    parts::{Score, lasted},
    place::Place,
    token::Addresses,
    tokens::{StandsShort, revoke, status},
};
use crate::{
    api::{
        client::use_api,
        misuse::{self, AddressGroup, AddressUsage, AddressUsageOrder, Filter, TokenUsage, TokenUsageOrder},
        page::Page,
    },
    kit::{Badge, Button, CopyField, Load, Loaded, Look, Skeleton, Table, Tone},
};

/// All that is known of it within the time of the view.
#[derive(Clone, PartialEq)]
struct All {
    known: Known<AddressUsage>,
    tokens: Page<TokenUsage>,
    /// Those that it reaches over; none where it is an address itself.
    addresses: Option<Page<AddressUsage>>,
}

/// The panel's content. `name`: as the IP view calls the row.
#[component]
pub(super) fn Panel(place: Place, name: String, ways: Ways) -> impl IntoView {
    let api = use_api();
    let group = group_of(&name);
    let filter = StoredValue::new(filter_of(&name));
    let load = Load::new(move || {
        let range = untrack(|| place.span().range());
        async move {
            let filter = filter.get_value();
            let part = part(&range, &filter, 100);
            let addresses = match group {
                AddressGroup::Address => None,
                AddressGroup::Subnet | AddressGroup::Network => {
                    Some(misuse::addresses(api, part.clone(), AddressUsageOrder::Sessions).await?)
                }
            };
            Ok(All {
                known: known(api, &range, &filter, group).await?,
                tokens: misuse::tokens(api, part, TokenUsageOrder::Score).await?,
                addresses,
            })
        }
    })
    .anew_when(move || ways.ended.track());
    let label = match group {
        AddressGroup::Address => "IP",
        AddressGroup::Subnet => "Subnet",
        AddressGroup::Network => "Network",
    };
    view! {
        <div class="dialog-body panel">
            <NoRules ways/>
            <CopyField label value=name/>
            <Loaded load skeleton=|| view! { <Skeleton lines=8/> }>
                {move || load.value().get().map(|all| view! { <Whole all group place ways/> })}
            </Loaded>
        </div>
    }
}

#[component]
fn Whole(all: All, group: AddressGroup, place: Place, ways: Ways) -> impl IntoView {
    let All {
        known:
            Known {
                usage,
                networks,
                apart,
                sessions,
                filter,
            },
        tokens,
        addresses,
    } = all;
    let many = usage.as_ref().map(|usage| usage.tokens);
    let all_networks = view_of(place, "/misuse/addresses", &filter, "network");
    let all = view_of(place, "/misuse/tokens", &filter, "");
    let caption = match group {
        AddressGroup::Address => "Tokens of the address",
        AddressGroup::Subnet => "Tokens of the subnet",
        AddressGroup::Network => "Tokens of the network",
    };
    let addresses = addresses.map(|addresses| {
        let caption = match group {
            AddressGroup::Address | AddressGroup::Subnet => "Addresses of the subnet",
            AddressGroup::Network => "Addresses of the network",
        };
        let many = usage.as_ref().map(|usage| usage.addresses);
        let all = view_of(place, "/misuse/addresses", &filter, "");
        let name = usage.as_ref().map(|usage| usage.ip.clone()).unwrap_or_default();
        view! {
            <AddressesOf name filter=filter.clone() place/>
            <Addresses caption addresses many all place ways/>
        }
    });
    view! {
        {usage.map(|usage| {
            let reaches = reaches(&usage);
            // Into a case come addresses and subnets.
            let adding = (group != AddressGroup::Network).then(|| Adding {
                label: usage.ip.clone(),
                addresses: vec![usage.ip.clone()],
                ..Adding::default()
            });
            let mut figures = vec![
                ("Sessions", usage.sessions.to_string()),
                ("At once at most", usage.max_concurrency.to_string()),
                ("Duration sum", lasted(usage.duration_sum_s)),
                ("Duration average", lasted(usage.duration_avg_s)),
                ("Streams", usage.streams.to_string()),
                ("Tokens", usage.tokens.to_string()),
            ];
            if group != AddressGroup::Address {
                figures.push(("Addresses", usage.addresses.to_string()));
            }
            let barred = barred(usage.blocked_by.as_ref());
            let standing = match usage.blocked_by {
                Some(by) => view! { <Blocked by/> }.into_any(),
                None => view! { <Badge tone=Tone::Good text="Let in"/> }.into_any(),
            };
            view! {
                <div class="standing">
                    <p class="line">{standing}</p>
                    {adding.map(|adding| view! { <AddButton ways adding look=Look::Plain/> })}
                    <BlockButton ways reaches barred=barred.clone() look=Look::Danger/>
                    {barred.map(|why| view! { <p class="soft standing-note">{why}</p> })}
                </div>
                <Judged score=usage.score indicators=usage.indicators figures/>
            }
        })}
        {addresses}
        <Tokens caption tokens many all place ways/>
        <Touching networks apart sessions all_networks ways/>
    }
}

/// The way to the list of the addresses, narrowed as the view is, beside that.
#[component]
fn AddressesOf(name: String, filter: Filter, place: Place) -> impl IntoView {
    let label = format!("Addresses of {name}");
    let (word, value) = match (filter.asn, filter.ip) {
        (Some(asn), _) => ("asn", asn.0.to_string()),
        (None, ip) => ("ip", ip.unwrap_or_default()),
    };
    let go = move |_| place.go_on([("open", String::new()), ("group", String::new()), (word, value.clone())]);
    view! { <p><Button on_press=go attr:aria-label=label>"Addresses in the view"</Button></p> }
}

/// Tokens with how they stand, each with the way to take it back. `many`: how many there are in all; `all`: the way to them.
#[component]
pub(super) fn Tokens(
    caption: &'static str,
    tokens: Page<TokenUsage>,
    many: Option<i32>,
    all: String,
    place: Place,
    ways: Ways,
) -> impl IntoView {
    let more = rest(&tokens, many, all);
    view! {
        <section class="panel-part">
            <h3>"Tokens"</h3>
            <Table caption columns=vec!["JTI", "Status", "Score", "Sessions", "Duration", ""]>
                {tokens.nodes.into_iter().map(|row| view! { <TokenRow row place ways/> }).collect_view()}
            </Table>
            {more}
        </section>
    }
}

#[component]
fn TokenRow(row: TokenUsage, place: Place, ways: Ways) -> impl IntoView {
    let (status, revoke) = (status(ways, &row), revoke(ways, &row));
    let href = place.way_to("/misuse/tokens", row.jti.inner());
    view! {
        <tr>
            <th scope="row">
                <span class="line">{row.user}{row.tag.map(|tag| view! { <span class="tag">{tag}</span> })}</span>
                <a class="mono under ellipsis" href=href title=row.jti.inner().to_owned()>{row.jti.inner().to_owned()}</a>
            </th>
            <td data-label="Status"><StandsShort status held=row.held_until/></td>
            <td data-label="Score"><Score score=row.score indicators=row.indicators/></td>
            <td data-label="Sessions" class="num">{row.sessions}</td>
            <td data-label="Duration" class="num">{lasted(row.duration_sum_s)}</td>
            <td class="acts">{revoke}</td>
        </tr>
    }
}
