//! Who is asked in, and whether the mail arrived.

use leptos::prelude::*;

use super::members::RoleChoice;
use crate::{
    api::{
        client::use_api,
        failure::sentence,
        members::{self, Invitation, InvitationStatus, MailDelivery, MailStatus},
        page::Page,
        people::Permission,
        scalar::Role,
    },
    kit::{
        Badge, Button, Card, Confirm, Dialog, DialogForm, Doing, Empty, Load, Loaded, Look, More, Skeleton, Table,
        TextField, Tone, When, nodes, use_toasts,
    },
    session::may,
    time,
};

/// Address and role of whoever is to be asked.
#[component]
pub(super) fn Invite(open: RwSignal<bool>, #[prop(into)] on_sent: Callback<()>) -> impl IntoView {
    view! { <Dialog open title="Invite somebody"><Form open on_sent/></Dialog> }
}

#[component]
fn Form(open: RwSignal<bool>, on_sent: Callback<()>) -> impl IntoView {
    let (api, toasts, doing) = (use_api(), use_toasts(), Doing::new());
    let (email, role) = (RwSignal::new(String::new()), RwSignal::new(Role::User));
    let submit = move |()| {
        let email = email.get_untracked().trim().to_owned();
        let asking = members::invite_member(
            api,
            members::InviteMemberInput {
                email: email.clone(),
                role: role.get_untracked(),
            },
        );
        doing.run(asking, move |_| {
            open.set(false);
            on_sent.run(());
            toasts.good(format!("{email} is invited."));
        });
    };
    view! {
        <DialogForm doing open action="Send invitation" on_submit=submit>
            <TextField label="Email" kind="email" value=email required=true autofocus=true hint="The link is good for this address alone, once, for 7 days."/>
            <RoleChoice role roles=Role::ALL.to_vec()/>
        </DialogForm>
    }
}

/// The invitations, the newest first.
#[component]
pub(super) fn Invitations(load: Load<Page<Invitation>>) -> impl IntoView {
    let (api, toasts, doing) = (use_api(), use_toasts(), Doing::new());
    let (asked, open) = (RwSignal::new(None::<Invitation>), RwSignal::new(false));
    let invitations = nodes(load);
    let resend = Callback::new(move |one: Invitation| {
        doing.run(
            members::resend_invitation(api, members::ResendInvitationInput { id: one.id }),
            move |_| {
                load.again();
                toasts.good(format!("A new link goes to {}.", one.email));
            },
        );
    });
    let withdraw = Callback::new(move |one: Invitation| {
        doing.forget();
        asked.set(Some(one));
        open.set(true);
    });
    let confirm = move |()| {
        let Some(one) = asked.get_untracked() else { return };
        doing.run(
            members::withdraw_invitation(api, members::WithdrawInvitationInput { id: one.id }),
            move |_| {
                open.set(false);
                load.again();
                toasts.good(format!("The invitation of {} is withdrawn.", one.email));
            },
        );
    };
    // What goes wrong with a resend has no dialog to be said in.
    Effect::new(move |_| {
        if let (Some(text), false) = (doing.failure.get(), open.get_untracked()) {
            toasts.bad(text);
        }
    });
    view! {
        <Card title="Invitations" flush=true acts=move || view! {
            <Button look=Look::Quiet icon=icondata_lu::LuRotateCw on_press=move |_| load.again()>"Refresh"</Button>
        }>
            <Loaded load skeleton=|| view! { <Skeleton lines=3/> }>
                <Show when=move || !invitations.with(Vec::is_empty) fallback=|| view! {
                    <Empty icon=icondata_lu::LuMail title="Nobody is invited" text="An invitation goes out by mail. Here you see whether it arrived and was taken up."/>
                }>
                    <Table caption="Invitations" columns=vec!["Email", "Role", "Status", "Mail", "Expires", ""]>
                        <For each=move || invitations.get() key=|one| format!("{one:?}") let:one>
                            <Row one resend withdraw/>
                        </For>
                    </Table>
                    <More load ask=move |after| members::invitations(api, false, after)/>
                </Show>
            </Loaded>
        </Card>
        <Confirm open title="Withdraw this invitation?" action="Withdraw" busy=doing.busy failure=doing.failure on_confirm=confirm>
            <p>"Its link opens nothing any more."</p>
            {move || asked.get().map(|one| view! { <p class="soft">{one.email}</p> })}
        </Confirm>
    }
}

#[component]
fn Row(one: Invitation, resend: Callback<Invitation>, withdraw: Callback<Invitation>) -> impl IntoView {
    let (tone, word) = match one.status {
        InvitationStatus::Pending => (Tone::Warn, "Waiting"),
        InvitationStatus::Accepted => (Tone::Good, "Accepted"),
        InvitationStatus::Withdrawn => (Tone::Calm, "Withdrawn"),
        InvitationStatus::Expired => (Tone::Calm, "Expired"),
    };
    let may_act = may(Permission::MemberInvite);
    let is_open = may_act && matches!(one.status, InvitationStatus::Pending);
    let again = may_act && matches!(one.status, InvitationStatus::Pending | InvitationStatus::Expired);
    // Whose link opens nothing any more has no end to wait for.
    let ends =
        matches!(one.status, InvitationStatus::Pending | InvitationStatus::Expired).then_some(one.expires_at.clone());
    let kept = StoredValue::new(one.clone());
    let (resend_name, withdraw_name) = (
        format!("Resend the invitation of {}", one.email),
        format!("Withdraw the invitation of {}", one.email),
    );
    let by = one.invited_by.map(|by| format!("by {}", by.name));
    view! {
        <tr>
            <th scope="row">{one.email}{by.map(|by| view! { <span class="under">{by}</span> })}</th>
            <td data-label="Role">{one.role.label()}</td>
            <td data-label="Status"><Badge tone text=word/></td>
            <td data-label="Mail">{one.mail.map(|mail| view! { <Mail mail/> })}</td>
            <td data-label="Expires" class="soft">{ends.map(|at| view! { <When at/> })}</td>
            <td class="acts">
                {again.then(|| view! { <Button look=Look::Quiet on_press=move |_| resend.run(kept.get_value()) attr:aria-label=resend_name>"Resend"</Button> })}
                {is_open.then(|| view! { <Button look=Look::Quiet on_press=move |_| withdraw.run(kept.get_value()) attr:aria-label=withdraw_name>"Withdraw"</Button> })}
            </td>
        </tr>
    }
}

/// How the mail fares, and what is in its way.
#[component]
fn Mail(mail: MailDelivery) -> impl IntoView {
    let trouble = mail.trouble.map(|text| sentence(&text));
    let (tone, word) = match (mail.status, mail.attempts) {
        (MailStatus::Sent, _) => (Tone::Good, "Sent".to_owned()),
        (MailStatus::GivenUp, _) => (Tone::Bad, "Not delivered".to_owned()),
        (MailStatus::Queued, 0) => (Tone::Calm, "On its way".to_owned()),
        (MailStatus::Queued, times) => (Tone::Warn, format!("Tried {}", time::count(times, "time", "times"))),
    };
    let waiting = matches!(mail.status, MailStatus::Queued) && mail.attempts > 0;
    view! {
        <span>
            <Badge tone text=word/>
            {trouble.map(|text| view! { <span class="under">{text}</span> })}
            {mail.next_attempt_at.filter(|_| waiting).map(|at| view! { <span class="under">"Next try "<When at/></span> })}
        </span>
    }
}
