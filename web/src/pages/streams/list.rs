//! The rows of the list of streams.

use leptos::prelude::*;
use leptos_router::components::A;

use crate::{
    api::streams::Stream,
    kit::{StateBadge, Table, When},
};

/// One row per stream; a row stays itself while its state and viewers change.
#[component]
pub(super) fn StreamRows(streams: Memo<Vec<Stream>>) -> impl IntoView {
    view! {
        <Table caption="Streams" columns=vec!["Stream", "State", "Watching", "Tags", "Created"]>
            <For each=move || streams.get() key=|stream| stream.name.clone() let:stream>
                <Row stream streams/>
            </For>
        </Table>
    }
}

#[component]
fn Row(stream: Stream, streams: Memo<Vec<Stream>>) -> impl IntoView {
    let first = stream.clone();
    let name = stream.name.clone();
    let now = Memo::new(move |_| {
        streams
            .with(|streams| streams.iter().find(|one| one.name == name).cloned())
            .unwrap_or_else(|| first.clone())
    });
    let state = Signal::derive(move || now.with(|now| now.state));
    view! {
        <tr class="row-link">
            <th scope="row">
                <A href=format!("/streams/{}", stream.name)>{move || now.with(Stream::caption)}</A>
                <span class="mono under">{stream.name}</span>
            </th>
            <td data-label="State"><StateBadge state/></td>
            <td data-label="Watching" class="num">{move || now.with(|now| now.viewers)}</td>
            <td data-label="Tags">
                {if stream.tags.is_empty() {
                    view! { <span class="soft">"–"</span> }.into_any()
                } else {
                    stream.tags.into_iter().map(|tag| view! { <span class="tag">{tag.name}</span> }).collect_view().into_any()
                }}
            </td>
            <td data-label="Created" class="soft"><When at=stream.created_at/></td>
        </tr>
    }
}
