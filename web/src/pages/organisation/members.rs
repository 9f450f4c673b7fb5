//! Who is in the organisation, as what, and since when; and who is asked in.

use leptos::prelude::*;
use leptos_router::{
    NavigateOptions,
    hooks::{use_navigate, use_query_map},
};

use super::{
    ClosedToRole, Head,
    invitations::{Invitations, Invite},
};
use crate::{
    api::{
        account,
        client::use_api,
        members::{self, Member},
        people::Permission,
        scalar::Role,
    },
    kit::{
        Badge, Button, Choice, Choices, Confirm, Dialog, DialogForm, Doing, Empty, Icon, Load, Loaded, Look, Menu,
        MenuItem, More, SearchBox, Skeleton, Table, Tone, When, nodes, use_toasts,
    },
    pages::account::SignInRows,
    session::{may, use_person, use_session},
};

/// What is about to be done to a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    ChangeRole,
    SignIns,
    EndAccess,
    Remove,
}

/// Members and invitations.
#[component]
pub(crate) fn Members() -> impl IntoView {
    if !may(Permission::MemberRead) {
        return view! { <Head part="Members" lead=""/><ClosedToRole/> }.into_any();
    }
    let api = use_api();
    let (query, navigate) = (use_query_map(), use_navigate());
    let text = Memo::new(move |_| query.with(|query| query.get("q").unwrap_or_default()));
    let load = Load::new(move || members::members(api, text.get(), None));
    let invitations = Load::new(move || members::invitations(api, false, None));
    let inviting = RwSignal::new(false);
    let search = move |text: String| {
        let query = js_sys::encode_uri_component(text.trim());
        let options = NavigateOptions {
            replace: true,
            scroll: false,
            ..NavigateOptions::default()
        };
        navigate(&format!("/organisation/members?q={query}"), options);
    };
    view! {
        <Head part="Members" lead="Who may act here, and as what.">
            {may(Permission::MemberInvite).then(|| view! {
                <Button look=Look::Primary icon=icondata_lu::LuUserPlus on_press=move |_| inviting.set(true)>"Invite"</Button>
            })}
        </Head>
        <div class="filters">
            <SearchBox label="Search members" placeholder="Name or email" text heard=search/>
        </div>
        <Loaded load skeleton=|| view! { <Skeleton lines=6/> }>
            <MemberTable load text/>
        </Loaded>
        <Invitations load=invitations/>
        <Invite open=inviting on_sent=move |()| invitations.again()/>
    }
    .into_any()
}

type List = Load<crate::api::page::Page<Member>>;

#[component]
fn MemberTable(load: List, text: Memo<String>) -> impl IntoView {
    let api = use_api();
    let members = nodes(load);
    let (asked, act) = (RwSignal::new(None::<Member>), RwSignal::new(Act::SignIns));
    let open = [
        RwSignal::new(false),
        RwSignal::new(false),
        RwSignal::new(false),
        RwSignal::new(false),
    ];
    let [changing, signed_in, ending, removing] = open;
    let ask = Callback::new(move |(member, which): (Member, Act)| {
        asked.set(Some(member));
        act.set(which);
        match which {
            Act::ChangeRole => changing.set(true),
            Act::SignIns => signed_in.set(true),
            Act::EndAccess => ending.set(true),
            Act::Remove => removing.set(true),
        }
    });
    let name = move || asked.with(|member| member.as_ref().map(called).unwrap_or_default());
    view! {
        <Show when=move || !members.with(Vec::is_empty) fallback=|| view! {
            <Empty icon=icondata_lu::LuSearch title="Nobody fits" text="Try another part of the name or of the address."/>
        }>
            <Table caption="Members" columns=vec!["Member", "Role", "Second factor", "Last seen", "Joined", ""]>
                <For each=move || members.get() key=|member| format!("{member:?}") let:member>
                    <Row member ask/>
                </For>
            </Table>
            <More load ask=move |after| members::members(api, text.get_untracked(), after)/>
        </Show>
        <Dialog open=changing title=Signal::derive(move || format!("Role of {}", name()))>
            {move || asked.get().map(|member| view! { <ChangeRole member open=changing load/> })}
        </Dialog>
        <Dialog open=signed_in wide=true title=Signal::derive(move || format!("Sign-ins of {}", name()))>
            {move || asked.get().map(|member| view! { <SignIns member load/> })}
        </Dialog>
        <Grave open=ending asked load act=Act::EndAccess/>
        <Grave open=removing asked load act=Act::Remove/>
    }
}

#[component]
fn Row(member: Member, ask: Callback<(Member, Act)>) -> impl IntoView {
    let me = use_person().with_untracked(|person| person.viewer.id == member.user);
    let name = called(&member);
    let label = format!("Actions for {name}");
    let kept = StoredValue::new(member.clone());
    let item = move |act: Act| Callback::new(move |()| ask.run((kept.get_value(), act)));
    let acts = move || {
        view! {
            <Menu label=label.clone() button=|| view! { <Icon of=icondata_lu::LuEllipsis/> }>
                {may(Permission::MemberChangeRole).then(|| view! { <MenuItem icon=icondata_lu::LuUserCog on_choose=item(Act::ChangeRole)>"Change role"</MenuItem> })}
                {may(Permission::MemberInvalidate).then(|| view! {
                    <MenuItem icon=icondata_lu::LuMonitorSmartphone on_choose=item(Act::SignIns)>"Sign-ins"</MenuItem>
                    <MenuItem icon=icondata_lu::LuLogOut danger=true on_choose=item(Act::EndAccess)>"End access now"</MenuItem>
                })}
                {may(Permission::MemberRemove).then(|| view! { <MenuItem icon=icondata_lu::LuUserMinus danger=true on_choose=item(Act::Remove)>"Remove from the organisation"</MenuItem> })}
            </Menu>
        }
    };
    let (tone, factor) = if member.second_factor {
        (Tone::Good, "On")
    } else {
        (Tone::Calm, "Off")
    };
    view! {
        <tr>
            <th scope="row">
                <span class="line">{name}{me.then(|| view! { <span class="tag">"You"</span> })}</span>
                <span class="under">{member.email}</span>
            </th>
            <td data-label="Role">{member.role.label()}</td>
            <td data-label="Second factor"><Badge tone text=factor/></td>
            <td data-label="Last seen" class="soft">
                {match member.last_seen_at {
                    Some(at) => view! { <When at/> }.into_any(),
                    None => view! { "Never" }.into_any(),
                }}
            </td>
            <td data-label="Joined" class="soft"><When at=member.joined_at/></td>
            <td class="acts">{acts()}</td>
        </tr>
    }
}

#[component]
fn ChangeRole(member: Member, open: RwSignal<bool>, load: List) -> impl IntoView {
    let (api, session, toasts, doing) = (use_api(), use_session(), use_toasts(), Doing::new());
    let role = RwSignal::new(member.role);
    let (name, id, before) = (called(&member), member.id, member.role);
    let submit = move |()| {
        let name = name.clone();
        let to = role.get_untracked();
        doing.run(
            members::change_role(
                api,
                members::ChangeRoleInput {
                    member: id.clone(),
                    role: to,
                },
            ),
            move |_| {
                open.set(false);
                load.again();
                session.recheck();
                toasts.good(format!("{name} is {} now.", to.label()));
            },
        );
    };
    view! {
        <DialogForm doing open action="Change role" on_submit=submit>
            <RoleChoice role roles=Role::ALL.to_vec()/>
            <p class="soft">"It holds from the next request on. API tokens above the new role are revoked."</p>
            {(before == Role::Admin).then(|| view! {
                <p class="soft">"An organisation always keeps one nanoAdmin: the last one cannot be given another role."</p>
            })}
        </DialogForm>
    }
}

/// Which role, and what it is for.
#[component]
pub(super) fn RoleChoice(role: RwSignal<Role>, roles: Vec<Role>) -> impl IntoView {
    let options = roles.into_iter().map(|one| Choice::new(one, one.label())).collect();
    view! {
        <div class="field">
            <Choices legend="Role" options chosen=role on_choose=move |one| role.set(one)/>
            <p class="field-hint" role="status">{move || role.get().sentence()}</p>
        </div>
    }
}

#[component]
fn SignIns(member: Member, load: List) -> impl IntoView {
    let (api, toasts, doing) = (use_api(), use_toasts(), Doing::new());
    let sign_ins = RwSignal::new(member.sign_ins.unwrap_or_default());
    let end = move |id: cynic::Id| {
        doing.run(
            account::end_sign_in(api, account::EndSignInInput { id: id.clone() }),
            move |_| {
                sign_ins.update(|all| all.retain(|one| one.id != id));
                load.again();
                toasts.good("The sign-in has ended here.");
            },
        );
    };
    view! {
        <div class="dialog-body">
            <p class="soft">"Those that act in this organisation. Ending one ends it here; elsewhere it goes on."</p>
            <Show when=move || !sign_ins.with(Vec::is_empty) fallback=|| view! { <p>"Not signed in now."</p> }>
                <SignInRows sign_ins on_end=end/>
            </Show>
            <crate::kit::Trouble doing/>
        </div>
    }
}

/// Ending access, or removing: asked before, since it acts at once.
#[component]
fn Grave(open: RwSignal<bool>, asked: RwSignal<Option<Member>>, load: List, act: Act) -> impl IntoView {
    let (api, session, toasts, doing) = (use_api(), use_session(), use_toasts(), Doing::new());
    let remove = act == Act::Remove;
    let me = use_person().with_untracked(|person| person.viewer.id.clone());
    let name = move || asked.with(|member| member.as_ref().map(called).unwrap_or_default());
    let is_me = move || asked.with(|member| member.as_ref().is_some_and(|member| member.user == me));
    let title = Signal::derive(move || {
        if remove {
            format!("Remove {}?", name())
        } else {
            format!("End the access of {}?", name())
        }
    });
    Effect::new(move |_| {
        if open.get() {
            doing.forget();
        }
    });
    let confirm = move |()| {
        let Some(member) = asked.get_untracked() else { return };
        let name = called(&member);
        let done = move || {
            open.set(false);
            load.again();
            session.recheck();
            toasts.good(if remove {
                format!("{name} is not a member any more.")
            } else {
                format!("The access of {name} has ended.")
            });
        };
        if remove {
            doing.run(
                members::remove_member(api, members::RemoveMemberInput { member: member.id }),
                move |_| done(),
            );
        } else {
            doing.run(
                members::invalidate_member_access(api, members::InvalidateMemberAccessInput { member: member.id }),
                move |_| done(),
            );
        }
    };
    let action = if remove { "Remove" } else { "End access" };
    view! {
        <Confirm open title action busy=doing.busy failure=doing.failure on_confirm=confirm>
            {if remove {
                view! { <p>"What they have open here ends now, and their API tokens are revoked. They can be invited again. Playback tokens that they made stay valid until they are revoked."</p> }.into_any()
            } else {
                view! { <p>"Their sign-ins end here now, and their API tokens are revoked. They stay a member, and can sign in again. Playback tokens that they made stay valid until they are revoked."</p> }.into_any()
            }}
            {let is_me = is_me.clone(); move || is_me().then(|| view! { <p><strong>"This is you."</strong></p> })}
            {remove.then(|| view! { <p class="soft">"An organisation always keeps one nanoAdmin: the last one cannot be removed."</p> })}
        </Confirm>
    }
}

/// What to call a member.
pub(super) fn called(member: &Member) -> String {
    if member.name.is_empty() {
        member.email.clone()
    } else {
        member.name.clone()
    }
}
