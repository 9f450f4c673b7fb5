//! What was sent to receivers, and what came of it.

use leptos::prelude::*;

use crate::{
    api::{
        alerts::{self, AlertDelivery, AlertDeliveryState},
        client::use_api,
    },
    kit::{Badge, Button, Card, Load, Loaded, More, Skeleton, Table, Tone, When, nodes},
    pages::misuse::ExportButton,
    time,
};

/// The title of the card.
pub(super) const TITLE: &str = "Sent";

/// The log of the last 30 days, the newest first.
#[component]
pub(super) fn Sent(sent: RwSignal<u32>) -> impl IntoView {
    let api = use_api();
    let load = Load::new(move || alerts::deliveries(api, None)).anew_when(move || sent.track());
    let found = nodes(load);
    view! {
        <Card title=TITLE flush=true acts=move || view! {
            <ExportButton table="alert-deliveries" narrowed=|()| vec![]/>
            <Button icon=icondata_lu::LuRotateCw on_press=move |_| load.again()>"Refresh"</Button>
        }>
            <Loaded load skeleton=|| view! { <Skeleton lines=4/> }>
                <Show when=move || !found.with(Vec::is_empty) fallback=|| view! { <p class="soft row-note">"What is sent by mail and syslog stands here for 30 days."</p> }>
                    <Table caption="Notifications" columns=vec!["To", "What", "State", "When"]>
                        <For each=move || found.get() key=|one| format!("{one:?}") let:one>
                            <Row delivery=one/>
                        </For>
                    </Table>
                    <More load ask=move |after| alerts::deliveries(api, after)/>
                </Show>
            </Loaded>
        </Card>
    }
}

#[component]
fn Row(delivery: AlertDelivery) -> impl IntoView {
    let tone = match delivery.state {
        AlertDeliveryState::Waiting => Tone::Warn,
        AlertDeliveryState::Delivered => Tone::Good,
        AlertDeliveryState::Failed => Tone::Bad,
    };
    let tried = (delivery.attempts > 1).then(|| format!("Tried {}", time::count(delivery.attempts, "time", "times")));
    view! {
        <tr>
            <th scope="row" class="mono rule-value">{delivery.recipient}</th>
            <td data-label="What">{delivery.event.label()}</td>
            <td data-label="State">
                <span>
                    <Badge tone text=delivery.state.label()/>
                    {delivery.error.map(|why| view! { <span class="under">{why}</span> })}
                    {tried.map(|text| view! { <span class="under">{text}</span> })}
                </span>
            </td>
            <td data-label="When" class="soft"><When at=delivery.created_at/></td>
        </tr>
    }
}
