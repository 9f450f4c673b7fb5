//! The installation, for its operators.

mod create;
mod packages;
mod requests;

use leptos::prelude::*;
use leptos_router::{
    NavigateOptions,
    hooks::{use_navigate, use_query_map},
};

use self::{create::Create, packages::EditPackages, requests::Requests};
use crate::{
    api::{
        client::use_api,
        failure::sentence,
        members::InvitationStatus,
        organisation::Package,
        page::Page,
        platform::{self, FirstInvitation, OrganisationStanding, PlatformOrganisation},
    },
    kit::{
        Badge, Button, Confirm, Dialog, Doing, Empty, Icon, Load, Loaded, Look, Menu, MenuItem, More, PageHead,
        SearchBox, Skeleton, Table, Tone, Trouble, counted, nodes, renew, returning, use_toasts,
    },
    session::use_person,
};

type List = Load<Page<PlatformOrganisation>>;

/// What is done to one organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    Packages,
    InviteAgain,
    Suspend,
    Resume,
}

/// Organisations, and what they ask for.
#[component]
pub(crate) fn Platform() -> impl IntoView {
    if !use_person().with_untracked(|person| person.viewer.operator) {
        return view! {
            <PageHead title="Platform"/>
            <Empty icon=icondata_lu::LuLockKeyhole title="Closed to you" text="This page is for the operators of the platform."/>
        }
        .into_any();
    }
    let api = use_api();
    let (query, navigate) = (use_query_map(), use_navigate());
    let text = Memo::new(move |_| query.with(|query| query.get("q").unwrap_or_default()));
    let load = Load::new(move || platform::organisations(api, text.get(), None));
    let requests = Load::new(move || platform::requests(api));
    let creating = RwSignal::new(false);
    let (edited, editing) = (
        RwSignal::new(None::<(PlatformOrganisation, Option<Package>)>),
        RwSignal::new(false),
    );
    let edit = Callback::new(move |(one, wanted): (PlatformOrganisation, Option<Package>)| {
        edited.set(Some((one, wanted)));
        editing.set(true);
    });
    let answer = Callback::new(move |(one, package)| edit.run((one, Some(package))));
    let again = Callback::new(move |()| {
        renew(load, text, move |text, after| platform::organisations(api, text, after));
        requests.again();
    });
    // Nothing is pushed to operators: what was asked for meanwhile is there when they come back.
    returning(move || again.run(()));
    let search = move |text: String| {
        let options = NavigateOptions {
            replace: true,
            scroll: false,
            ..NavigateOptions::default()
        };
        navigate(
            &format!("/platform?q={}", js_sys::encode_uri_component(text.trim())),
            options,
        );
    };
    view! {
        <PageHead title="Platform" lead="Every organisation of this installation.">
            <Button look=Look::Primary icon=icondata_lu::LuPlus on_press=move |_| creating.set(true)>"New organisation"</Button>
        </PageHead>
        <Requests requests on_answer=answer on_declined=again/>
        <div class="filters">
            <SearchBox label="Search organisations" placeholder="Name or hash" text heard=search/>
            <p class="filters-count" role="status">{counted(load, "organisation", "organisations")}</p>
        </div>
        <Loaded load skeleton=|| view! { <Skeleton lines=6/> }>
            <Organisations load text edit again/>
        </Loaded>
        <Dialog open=editing wide=true title=Signal::derive(move || format!("Packages of {}", edited.with(|one| one.as_ref().map(|(one, _)| one.name.clone()).unwrap_or_default())))>
            {move || edited.get().map(|(organisation, wanted)| view! { <EditPackages organisation wanted open=editing on_saved=again/> })}
        </Dialog>
        <Dialog open=creating wide=true title="New organisation">
            <Create open=creating on_made=again/>
        </Dialog>
    }
    .into_any()
}

#[component]
fn Organisations(
    load: List,
    text: Memo<String>,
    edit: Callback<(PlatformOrganisation, Option<Package>)>,
    again: Callback<()>,
) -> impl IntoView {
    let (api, toasts, doing) = (use_api(), use_toasts(), Doing::new());
    let all = nodes(load);
    let asked = RwSignal::new(None::<PlatformOrganisation>);
    let suspending = RwSignal::new(false);
    let resume = move |one: PlatformOrganisation| {
        doing.run(
            platform::resume_organisation(api, platform::ResumeOrganisationInput { organisation: one.hash }),
            move |_| {
                again.run(());
                toasts.good(format!("{} is open again.", one.name));
            },
        );
    };
    let invite_again = move |one: PlatformOrganisation| {
        doing.run(
            platform::resend_first_invitation(api, platform::ResendFirstInvitationInput { organisation: one.hash }),
            move |_| {
                again.run(());
                toasts.good("The invitation is on its way again. The link that was mailed before is dead.");
            },
        );
    };
    let ask = Callback::new(move |(one, act): (PlatformOrganisation, Act)| {
        doing.forget();
        asked.set(Some(one.clone()));
        match act {
            Act::Packages => edit.run((one, None)),
            Act::InviteAgain => invite_again(one),
            Act::Suspend => suspending.set(true),
            Act::Resume => resume(one),
        }
    });
    let suspend = move |()| {
        let Some(one) = asked.get_untracked() else { return };
        doing.run(
            platform::suspend_organisation(api, platform::SuspendOrganisationInput { organisation: one.hash }),
            move |_| {
                suspending.set(false);
                again.run(());
                toasts.good(format!("{} is suspended.", one.name));
            },
        );
    };
    let name = move || asked.with(|one| one.as_ref().map(|one| one.name.clone()).unwrap_or_default());
    view! {
        <Show when=move || !all.with(Vec::is_empty) fallback=move || {
            let (title, hint) = if text.with(|text| text.trim().is_empty()) {
                ("No organisation yet", "Make the first one: its administrator is invited by mail.")
            } else {
                ("No organisation fits", "Try another part of the name.")
            };
            view! { <Empty icon=icondata_lu::LuBuilding2 title text=hint/> }
        }>
            <Table caption="Organisations" columns=vec!["Organisation", "Standing", "Members", "Streams", "Watching", "Packages", ""]>
                <For each=move || all.get() key=|one| format!("{one:?}") let:one>
                    <Row one ask/>
                </For>
            </Table>
            <More load ask=move |after| platform::organisations(api, text.get_untracked(), after)/>
        </Show>
        <Show when=move || !suspending.get()><Trouble doing/></Show>
        <Confirm open=suspending title=Signal::derive(move || format!("Suspend {}?", name())) action="Suspend" busy=doing.busy failure=doing.failure on_confirm=suspend>
            <p>"Its broadcasters and viewers are disconnected now, and nobody is let in. Its people can sign in, and see that it is suspended. Nothing is deleted; you can resume it at any time."</p>
        </Confirm>
    }
}

#[component]
fn Row(one: PlatformOrganisation, ask: Callback<(PlatformOrganisation, Act)>) -> impl IntoView {
    let active = one.standing == OrganisationStanding::Active;
    let (tone, word) = if active {
        (Tone::Good, "Active")
    } else {
        (Tone::Bad, "Suspended")
    };
    let label = format!("Actions for {}", one.name);
    let kept = StoredValue::new(one.clone());
    let item = move |act: Act| Callback::new(move |()| ask.run((kept.get_value(), act)));
    let waits = one.first_invitation.is_some();
    let enabled: Vec<_> = one.packages.into_iter().filter(|one| one.enabled).collect();
    view! {
        <tr>
            <th scope="row">{one.name}<span class="mono under">{one.hash}</span></th>
            <td data-label="Standing"><span><Badge tone text=word/>{one.first_invitation.map(|invitation| view! { <Waits invitation/> })}</span></td>
            <td data-label="Members" class="num">{one.members}</td>
            <td data-label="Streams" class="num">{one.streams}</td>
            <td data-label="Watching" class="num">{one.viewers}</td>
            <td data-label="Packages"><span>{enabled.is_empty().then_some("None")}{enabled.into_iter().map(|one| view! { <span class="tag">{one.package.label()}</span> }).collect_view()}</span></td>
            <td class="acts">
                <Menu label button=|| view! { <Icon of=icondata_lu::LuEllipsis/> }>
                    <MenuItem icon=icondata_lu::LuPackage on_choose=item(Act::Packages)>"Packages and limits"</MenuItem>
                    {waits.then(|| view! { <MenuItem icon=icondata_lu::LuMail on_choose=item(Act::InviteAgain)>"Resend invitation"</MenuItem> })}
                    {if active {
                        view! { <MenuItem icon=icondata_lu::LuBan danger=true on_choose=item(Act::Suspend)>"Suspend"</MenuItem> }.into_any()
                    } else {
                        view! { <MenuItem icon=icondata_lu::LuPlay on_choose=item(Act::Resume)>"Resume"</MenuItem> }.into_any()
                    }}
                </Menu>
            </td>
        </tr>
    }
}

/// That nobody has joined yet, and what is in the mail's way.
#[component]
fn Waits(invitation: FirstInvitation) -> impl IntoView {
    let trouble = invitation.mail.and_then(|mail| mail.trouble);
    let word = match invitation.status {
        InvitationStatus::Expired => "too late for",
        _ => "waits for",
    };
    view! {
        <span class="under">{format!("Invitation {word} {}", invitation.email)}</span>
        {trouble.map(|text| view! { <span class="under">{sentence(&text)}</span> })}
    }
}
