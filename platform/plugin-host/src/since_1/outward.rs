//! What a plugin may call to reach beyond records: settings and secrets of its package.

use tenon_diagnostics::Kind;
use tenon_hooks::{Ask, Given, SecretUse, SecretValue};

use super::generated::tenon::plugin::{config, secrets};
use super::imports::{Told, problem};
use super::types;
use crate::keyed::{self, Cipher};
use crate::state::CallState;
use crate::tape::taped;

/// Random bytes that go into a nonce.
const SALT_BYTES: usize = 16;

fn unknown(what: &str, name: &str) -> types::Problem {
    problem(Kind::NotFound.code(), format!("`package.yaml` names no {what} `{}`", name.escape_debug()))
}

impl config::Host for CallState {
    async fn get(&mut self, name: String) -> Told<Option<String>> {
        taped!(self, "config#get", (&name,), {
            let Some(default) = self.begun.outward.setting(&name).cloned() else { return Ok(Err(unknown("setting", &name))) };
            let given = self.told(Ask::Setting(name)).await?;
            Ok(given.map(|given| {
                let set = if let Given::Setting(value) = given { value } else { None };
                Some(set.unwrap_or(default)).filter(|value| !value.is_null()).map(|value| value.to_string())
            }))
        })
    }
}

impl CallState {
    /// A secret for a use its package was granted; or why not.
    async fn secret(&mut self, name: String, wanted: SecretUse) -> Told<SecretValue> {
        let Some(granted) = self.begun.outward.secret(&name) else { return Ok(Err(unknown("secret", &name))) };
        if !granted.uses.contains(&wanted) {
            let words = format!("the package may not {} with the secret `{name}`", wanted.word());
            return Ok(Err(problem(Kind::Forbidden.code(), words)));
        }
        let given = self.told(Ask::Secret(name.clone())).await?;
        Ok(given.and_then(|given| match given {
            Given::Secret(Some(secret)) => Ok(secret),
            _ => Err(problem(Kind::NotFound.code(), format!("nobody has set the secret `{name}`"))),
        }))
    }

    fn cipher(&self, secret: &SecretValue) -> Cipher {
        Cipher::new(secret, (self.begun.model.tenant, &self.begun.package))
    }
}

impl secrets::Host for CallState {
    async fn is_set(&mut self, name: String) -> Told<bool> {
        taped!(self, "secrets#is-set", (&name,), {
            if self.begun.outward.secret(&name).is_none() {
                return Ok(Err(unknown("secret", &name)));
            }
            Ok(self.told(Ask::Secret(name)).await?.map(|given| matches!(given, Given::Secret(Some(_)))))
        })
    }

    async fn hmac(&mut self, name: String, data: Vec<u8>) -> Told<Vec<u8>> {
        taped!(
            self,
            "secrets#hmac",
            (&name, &data),
            Ok(self.secret(name, SecretUse::Hmac).await?.map(|secret| keyed::hmac(&secret, &data)))
        )
    }

    async fn verify(&mut self, name: String, data: Vec<u8>, mac: Vec<u8>) -> Told<bool> {
        taped!(
            self,
            "secrets#verify",
            (&name, &data, &mac),
            Ok(self.secret(name, SecretUse::Verify).await?.map(|secret| keyed::verify(&secret, &data, &mac)))
        )
    }

    async fn sign(&mut self, name: String, data: Vec<u8>) -> Told<Vec<u8>> {
        taped!(self, "secrets#sign", (&name, &data), {
            let no_seed = || problem(Kind::Invalid.code(), "the secret is no seed of an Ed25519 key".to_owned());
            Ok(self.secret(name, SecretUse::Sign).await?.and_then(|secret| keyed::sign(&secret, &data).ok_or_else(no_seed)))
        })
    }

    async fn encrypt(&mut self, name: String, data: Vec<u8>) -> Told<Vec<u8>> {
        // Also where the call is run again: later numbers follow from how many were drawn before.
        let salt = self.draw(SALT_BYTES);
        taped!(self, "secrets#encrypt", (&name, &data), {
            let failed = || problem(Kind::Invalid.code(), "this cannot be encrypted".to_owned());
            let secret = self.secret(name, SecretUse::Encrypt).await?;
            Ok(secret.and_then(|secret| self.cipher(&secret).encrypt(&data, &salt).ok_or_else(failed)))
        })
    }

    async fn decrypt(&mut self, name: String, data: Vec<u8>) -> Told<Option<Vec<u8>>> {
        taped!(self, "secrets#decrypt", (&name, &data), {
            let secret = self.secret(name, SecretUse::Decrypt).await?;
            Ok(secret.map(|secret| self.cipher(&secret).decrypt(&data)))
        })
    }
}
