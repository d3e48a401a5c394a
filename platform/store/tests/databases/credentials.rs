//! Keys, members and sessions: what tells of a change is there if the change is, and only then.

use tenon_context::ActorKind;
use tenon_store::{AuditBy, AuditKind, AuditNote, AuditNotes, MemberState, StoredKey, StoredMember, StoredSession};
use tenon_value::Uuid;

use crate::house::{House, by_hand, houses, now};

fn told(kind: AuditKind) -> AuditNotes {
    AuditNotes::new(AuditBy::system(now()), [AuditNote::new(kind)])
}

fn key(number: u8) -> StoredKey {
    StoredKey {
        id: Uuid::from_u128(number.into()),
        kind: ActorKind::Service,
        display: "A key".to_owned(),
        hash: [number; 32],
        roles: vec!["employee".to_owned()],
        expires_at: None,
        created_at: now(),
    }
}

fn member(number: u8) -> StoredMember {
    StoredMember {
        user: Uuid::from_u128(number.into()),
        kind: ActorKind::User,
        login: format!("member{number}"),
        email: None,
        password: Some("a hash".to_owned()),
        roles: vec!["employee".to_owned()],
        state: MemberState::Active,
        account: None,
        contact: None,
        partner: None,
        created_at: now(),
        last_sign_in_at: None,
        has_totp: false,
    }
}

fn session(number: u8) -> StoredSession {
    StoredSession {
        id: Uuid::from_u128(number.into()),
        member: member(1).user,
        hash: [number; 32],
        created_at: now(),
        seen_at: now(),
        expires_at: now(),
        user_agent: "a test".to_owned(),
        address: "127.0.0.1".to_owned(),
    }
}

async fn sealed(house: &House) -> u64 {
    house.store.audit_seal(house.tenant).await.unwrap().entries
}

#[tokio::test]
async fn what_changes_rights_is_told_of_once_and_what_changes_nothing_is_not() {
    for house in houses().await {
        let (store, tenant) = (&house.store, house.tenant);
        store.key_put(tenant, &key(1), &told(AuditKind::KeyMade)).await.unwrap();
        store.member_put(tenant, &member(1), &told(AuditKind::MemberInvited)).await.unwrap();
        store.session_put(tenant, &session(1), 10, &told(AuditKind::SignedIn)).await.unwrap();
        assert_eq!(sealed(&house).await, 3);
        assert_eq!(store.member(tenant, member(1).user).await.unwrap().unwrap().last_sign_in_at, Some(now()));
        // A login that is taken, a key, a member and a session that are not there.
        let twice = StoredMember { user: Uuid::from_u128(2), ..member(1) };
        assert!(store.member_put(tenant, &twice, &told(AuditKind::MemberInvited)).await.is_err());
        assert!(!store.key_revoke(tenant, key(9).id, now(), &told(AuditKind::KeyRevoked)).await.unwrap());
        assert!(!store.member_change(tenant, &member(9), &told(AuditKind::MemberChanged)).await.unwrap());
        assert!(!store.member_remove(tenant, member(9).user, &told(AuditKind::MemberChanged)).await.unwrap());
        assert!(!store.session_end(tenant, session(9).id, &told(AuditKind::SignedOut)).await.unwrap());
        assert_eq!(sealed(&house).await, 0);
        let ended = store.sessions_end(tenant, member(1).user, |ended| {
            assert_eq!(ended, 1, "it is told how many");
            told(AuditKind::SessionRevoked)
        });
        assert_eq!(ended.await.unwrap(), 1);
        assert!(store.key_revoke(tenant, key(1).id, now(), &told(AuditKind::KeyRevoked)).await.unwrap());
        assert_eq!(sealed(&house).await, 2);
    }
}

#[tokio::test]
async fn what_cannot_be_told_of_does_not_happen() {
    for house in houses().await {
        let (store, tenant) = (&house.store, house.tenant);
        store.key_put(tenant, &key(1), &told(AuditKind::KeyMade)).await.unwrap();
        store.member_put(tenant, &member(1), &told(AuditKind::MemberInvited)).await.unwrap();
        by_hand(&house, "alter table {t}outbox rename to lost").await;
        assert!(store.key_put(tenant, &key(2), &told(AuditKind::KeyMade)).await.is_err());
        assert!(store.key_revoke(tenant, key(1).id, now(), &told(AuditKind::KeyRevoked)).await.is_err());
        assert!(store.member_put(tenant, &member(2), &told(AuditKind::MemberInvited)).await.is_err());
        let weaker = StoredMember { roles: Vec::new(), ..member(1) };
        assert!(store.member_change(tenant, &weaker, &told(AuditKind::RolesChanged)).await.is_err());
        assert!(store.session_put(tenant, &session(1), 10, &told(AuditKind::SignedIn)).await.is_err());
        by_hand(&house, "alter table {t}lost rename to outbox").await;
        assert!(store.keys(tenant).await.unwrap() == vec![key(1)]);
        assert!(store.members(tenant).await.unwrap() == vec![member(1)]);
        assert!(store.sessions(tenant, member(1).user).await.unwrap().is_empty());
    }
}
