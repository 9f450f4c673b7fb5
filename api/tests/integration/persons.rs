//! People and their software beyond those of the demo, put into the tables as they are after an invitation.

use entity::{Table, api_token, app_user, member, organisation, sign_in};
use hmac::{Hmac, Mac};
use ids::{ApiTokenId, MemberId, OrganisationId, SignInId, UserId};
use sea_orm::{ActiveModelTrait, ColumnTrait, Database, DatabaseConnection, IntoActiveModel, QueryFilter};
use sha2::{Digest, Sha256};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::harness::{Client, World};

static NUMBER: AtomicU64 = AtomicU64::new(1);

impl World {
    /// The tables themselves.
    pub(crate) async fn tables(&self) -> DatabaseConnection {
        Database::connect(self.database.url()).await.unwrap()
    }

    /// The organisation with that hash.
    pub(crate) async fn organisation(&self, hash: &str) -> organisation::Model {
        organisation::Entity::across_tenants("test")
            .filter(organisation::Column::Hash.eq(hash))
            .one(&self.tables().await)
            .await
            .unwrap()
            .unwrap()
    }

    /// The account with that address.
    pub(crate) async fn user(&self, email: &str) -> app_user::Model {
        app_user::Entity::across_tenants("test")
            .filter(app_user::Column::Email.eq(email))
            .one(&self.tables().await)
            .await
            .unwrap()
            .unwrap()
    }

    /// Lets a person into an organisation; a new account has the password of the demo's first person.
    pub(crate) async fn join(&self, email: &str, hash: &str, role: &str) -> MemberId {
        let tables = self.tables().await;
        let known = app_user::Entity::across_tenants("test")
            .filter(app_user::Column::Email.eq(email))
            .one(&tables)
            .await
            .unwrap();
        let user = if let Some(user) = known {
            user
        } else {
            let like = self.user(&self.demo.users[0].email).await;
            let row = app_user::Model {
                id: UserId::mint(number(), [3; 10]).uuid(),
                email: email.to_owned(),
                name: email.split('@').next().unwrap().to_owned(),
                ..like
            };
            row.into_active_model().reset_all().insert(&tables).await.unwrap()
        };
        let id = MemberId::mint(number(), [3; 10]);
        let row = member::Model {
            id: id.uuid(),
            organisation_id: self.organisation(hash).await.id,
            user_id: user.id,
            role: role.to_owned(),
            access_since: 0,
            given: false,
            created_at: self.clock.now().us(),
        };
        row.into_active_model().reset_all().insert(&tables).await.unwrap();
        id
    }

    /// The membership of that person in that organisation.
    pub(crate) async fn member(&self, email: &str, hash: &str) -> Option<member::Model> {
        member::Entity::across_tenants("test")
            .filter(member::Column::UserId.eq(self.user(email).await.id))
            .filter(member::Column::OrganisationId.eq(self.organisation(hash).await.id))
            .one(&self.tables().await)
            .await
            .unwrap()
    }

    /// Signs in whoever has the password of the demo's first person.
    pub(crate) async fn enter(&self, email: &str) -> Client {
        let mut client = self.anonymous();
        client.cookie = client.sign_in(email, &self.demo.users[0].password).await.cookie();
        assert!(client.cookie.is_some(), "{email} does not come in");
        client
    }

    /// A sign-in of that person, of which nobody has the cookie.
    pub(crate) async fn idle_sign_in(&self, email: &str) -> SignInId {
        let id = SignInId::mint(number(), [4; 10]);
        let now = self.clock.now().us();
        let row = sign_in::Model {
            id: id.uuid(),
            user_id: self.user(email).await.id,
            token_hash: Sha256::digest(id.to_string()).to_vec(),
            address: "192.0.2.9".to_owned(),
            user_agent: None,
            how: None,
            second_factor: false,
            organisation_id: None,
            created_at: now,
            used_at: now,
        };
        row.into_active_model()
            .reset_all()
            .insert(&self.tables().await)
            .await
            .unwrap();
        id
    }

    /// Software with a token of that member, or with the API key where there is none.
    pub(crate) async fn software(&self, hash: &str, member: Option<MemberId>, role: &str) -> Software {
        let secret = format!("portcullis_token_{}", number());
        let organisation = OrganisationId::from_uuid(self.organisation(hash).await.id);
        let row = api_token::Model {
            id: ApiTokenId::mint(number(), [5; 10]).uuid(),
            organisation_id: organisation.uuid(),
            member_id: member.map(MemberId::uuid),
            name: "software".to_owned(),
            role: role.to_owned(),
            prefix: "portcullis_token_0".to_owned(),
            secret_hash: self.secret_hash(&secret),
            created_by: self.user(&self.demo.users[0].email).await.id,
            created_at: self.clock.now().us(),
            expires_at: None,
            used_at: None,
            used_address: None,
            revoked_at: None,
        };
        row.into_active_model()
            .reset_all()
            .insert(&self.tables().await)
            .await
            .unwrap();
        Software {
            client: self.anonymous(),
            secret,
        }
    }

    fn secret_hash(&self, secret: &str) -> Vec<u8> {
        let master = std::fs::read_to_string(self.database.file("master.key")).unwrap();
        let key = Sha256::new()
            .chain_update(b"portcullis derive\0")
            .chain_update(hex::decode(master.trim()).unwrap())
            .chain_update("api token")
            .finalize();
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
        mac.update(secret.as_bytes());
        mac.finalize().into_bytes().to_vec()
    }
}

/// Software that asks with an API token.
pub(crate) struct Software {
    client: Client,
    secret: String,
}

impl Software {
    /// The role with which it acts; the error's code where it does not.
    pub(crate) async fn role(&self) -> String {
        let bearer = format!("Bearer {}", self.secret);
        let body = serde_json::json!({ "query": "{ viewer { role } }" });
        let answer = self.client.send(&body, &[("authorization", &bearer)]).await;
        let role = answer.body["data"]["viewer"]["role"].as_str();
        role.map_or_else(|| answer.code().unwrap(), str::to_owned)
    }
}

fn number() -> u64 {
    NUMBER.fetch_add(1, Ordering::Relaxed)
}
