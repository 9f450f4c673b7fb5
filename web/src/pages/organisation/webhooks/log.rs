//! What webhooks were called for, what they answered, and the way to call them again. The filter lives in the address.

use leptos::prelude::*;
use leptos_router::{
    NavigateOptions,
    hooks::{use_navigate, use_query_map},
};

use crate::{
    api::{
        client::use_api,
        organisation::Package,
        page::Page,
        people::Permission,
        webhooks::{self, WebhookDelivery, WebhookDeliveryFilter, WebhookDeliveryState},
    },
    kit::{
        Badge, Button, Choice, Choices, Empty, Icon, Load, Loaded, Look, More, Skeleton, Table, Tone, When, counted,
        nodes, use_toasts,
    },
    pages::lacking,
    session::may,
    time,
};

const PATH: &str = "/organisation/webhooks";

/// The log of the last 7 days, the newest first.
#[component]
pub(super) fn Log(called: RwSignal<u32>, lacking: Signal<bool>) -> impl IntoView {
    let (api, query, navigate) = (use_api(), use_query_map(), use_navigate());
    let state = Memo::new(move |_| {
        let word = query.with(|query| query.get("state").unwrap_or_default());
        WebhookDeliveryState::ALL.into_iter().find(|one| one.as_word() == word)
    });
    let filter = Memo::new(move |_| WebhookDeliveryFilter {
        state: state.get(),
        ..WebhookDeliveryFilter::default()
    });
    let load = Load::new(move || webhooks::deliveries(api, filter.get(), None)).anew_when(move || called.track());
    let go = Callback::new(move |state: Option<WebhookDeliveryState>| {
        let options = NavigateOptions {
            replace: true,
            scroll: false,
            ..NavigateOptions::default()
        };
        let query = state
            .map(|state| format!("?state={}", state.as_word()))
            .unwrap_or_default();
        navigate(&format!("{PATH}{query}"), options);
    });
    let mut options = vec![Choice::new(None, "All")];
    options.extend(WebhookDeliveryState::ALL.map(|one| Choice::new(Some(one), one.label())));
    let calls = nodes(load);
    view! {
        <section class="stack" aria-label="Log">
            <div class="filters">
                <Choices legend="State" legend_hidden=true options chosen=state on_choose=move |one| go.run(one)/>
                <Button icon=icondata_lu::LuRotateCw on_press=move |_| load.again()>"Refresh"</Button>
                <p class="filters-count" role="status">{counted(load, "call", "calls")}</p>
            </div>
            <Loaded load skeleton=|| view! { <Skeleton lines=6/> }>
                <Show when=move || !calls.with(Vec::is_empty) fallback=|| view! {
                    <Empty icon=icondata_lu::LuScrollText title="No calls" text="What is asked and told stands here for 7 days."/>
                }>
                    <Table caption="Calls" columns=vec!["Call", "Stream", "State", "Answer", "When", ""]>
                        <For each=move || calls.get() key=|call| format!("{call:?}") let:call>
                            <Row call load lacking/>
                        </For>
                    </Table>
                    <More load ask=move |after| webhooks::deliveries(api, filter.get_untracked(), after)/>
                </Show>
            </Loaded>
        </section>
    }
}

/// The line, and below it at wish what was said.
#[component]
fn Row(call: WebhookDelivery, load: Load<Page<WebhookDelivery>>, lacking: Signal<bool>) -> impl IntoView {
    let (api, toasts) = (use_api(), use_toasts());
    let (open, busy) = (RwSignal::new(false), RwSignal::new(false));
    let barred = lacking::barred(Package::Webhooks, lacking);
    let tone = match call.state {
        WebhookDeliveryState::Waiting => Tone::Warn,
        WebhookDeliveryState::Delivered => Tone::Good,
        WebhookDeliveryState::Denied => Tone::Calm,
        WebhookDeliveryState::Failed => Tone::Bad,
    };
    let id = call.id.inner().to_owned();
    let (row, label) = (format!("call-{id}"), format!("Details of {} {id}", call.call));
    let controls = row.clone();
    let again_name = format!("Call again: {} {id}", call.call);
    let kept = StoredValue::new(call.clone());
    let again = move |_| {
        busy.set(true);
        let id = kept.with_value(|call| call.id.clone());
        leptos::task::spawn_local(async move {
            match webhooks::redeliver_webhook(api, webhooks::RedeliverWebhookInput { id }).await {
                Ok(_) => {
                    toasts.good("It is called again.");
                    load.again();
                }
                Err(refusal) => toasts.bad(refusal.to_string()),
            }
            busy.try_set(false);
        });
    };
    let can = may(Permission::WebhookTest) && call.content.is_some();
    let next = call.next_at.clone();
    view! {
        <tr>
            <th scope="row" class="mono"><span class="ellipsis">{call.call.clone()}</span></th>
            <td data-label="Stream" class="mono">{call.stream.clone()}</td>
            <td data-label="State">
                <span>
                    <Badge tone text=call.state.label()/>
                    {next.map(|at| view! { <span class="under">"Tried again "<When at/></span> })}
                </span>
            </td>
            <td data-label="Answer"><span>{call.answered()}{call.error.clone().map(|why| view! { <span class="under">{why}</span> })}</span></td>
            <td data-label="When" class="soft"><When at=call.created_at.clone()/></td>
            <td class="acts">
                {can.then(|| view! { <Button look=Look::Quiet busy barred on_press=again attr:aria-label=again_name>"Call again"</Button> })}
                <button type="button" class="btn btn-quiet btn-icon" aria-label=label aria-controls=controls aria-expanded=move || open.get().to_string() on:click=move |_| open.update(|open| *open = !*open)>
                    {move || if open.get() { view! { <Icon of=icondata_lu::LuChevronUp/> } } else { view! { <Icon of=icondata_lu::LuChevronDown/> } }}
                </button>
            </td>
        </tr>
        <tr id=row class="detail-row" hidden=move || !open.get()>
            <td colspan="6">{move || open.get().then(|| view! { <Detail call=kept.get_value()/> })}</td>
        </tr>
    }
}

#[component]
fn Detail(call: WebhookDelivery) -> impl IntoView {
    let facts = [
        ("Made", time::exact(&call.created_at)),
        ("webhook-id", call.id.inner().to_owned()),
        ("Attempts", call.attempts.to_string()),
    ];
    let content = call
        .content
        .and_then(|content| serde_json::to_string_pretty(&content.0).ok());
    view! {
        <div class="detail">
            <dl class="detail-facts">
                {facts.into_iter().map(|(name, value)| view! { <div><dt>{name}</dt><dd class="mono">{value}</dd></div> }).collect_view()}
            </dl>
            {match content {
                Some(text) => view! { <div class="detail-json"><p class="detail-name">"Content"</p><pre class="mono">{text}</pre></div> }.into_any(),
                None => view! { <p class="soft">"What a question says is not kept, since it may hold a token; its answer would come too late."</p> }.into_any(),
            }}
        </div>
    }
}
