//! The nodes: two on PostgreSQL, one on SQLite. One of them by chance is killed and started again; the other goes on meanwhile.

use std::time::Duration;

use anyhow::Context;
use serde_json::Value;

use crate::chance::Chance;
use crate::databases::Database;
use crate::platform::{Place, Server, empty_folder};
use crate::soak::behind::Behind;
use crate::wire::{Connection, Target};

const TENANT: &str = "soak";
/// How long the other node goes on alone, at most, in milliseconds.
const ALONE_MS: usize = 300;

/// Nodes that are served, and the only tenant.
pub(super) struct Nodes {
    places: Vec<Place>,
    servers: Vec<Server>,
    behind: Behind,
    target: Target,
    pub(super) kills: u32,
}

impl Nodes {
    pub(super) async fn start(database: &Database) -> anyhow::Result<Self> {
        let mut places = vec![database.place.clone()];
        if database.place.database.is_some() {
            places.push(Place { data: empty_folder("import-second-node")?, ..database.place.clone() });
        }
        let mut servers = Vec::new();
        for place in &places {
            servers.push(place.serve().await?);
        }
        let first = servers.first().map(|server| server.address.clone()).unwrap_or_default();
        let target = database.place.create_tenant(TENANT, &first).await?;
        Ok(Self { places, servers, behind: Behind::open(database).await?, target, kills: 0 })
    }

    /// One of them.
    pub(super) fn any(&self, chance: &mut Chance) -> usize {
        chance.below(self.servers.len())
    }

    /// The tenant's data API at a node.
    pub(super) fn target(&self, node: usize) -> Target {
        let address = self.servers.get(node).map(|server| server.address.clone()).unwrap_or_default();
        Target { address, ..self.target.clone() }
    }

    /// `kill -9` of a node; then it is started again. Nobody waits for the leases of the dead: those of the living end as well,
    /// and another node may take over from them in the middle of their work.
    pub(super) async fn kill(&mut self, node: usize, chance: &mut Chance) -> anyhow::Result<()> {
        let place = self.places.get(node).context("a node has a place")?.clone();
        anyhow::ensure!(node < self.servers.len(), "there is no such node");
        self.servers.remove(node).kill().await?;
        self.kills += 1;
        self.behind.end_leases().await?;
        if !self.servers.is_empty() {
            tokio::time::sleep(Duration::from_millis(u64::try_from(chance.below(ALONE_MS))?)).await;
        }
        self.servers.insert(node, place.serve().await?);
        Ok(())
    }

    /// What a door says by GET, as JSON.
    pub(super) async fn show(&self, door: &str, chance: &mut Chance) -> anyhow::Result<Value> {
        let (status, body) = self.fetch(door, chance).await?;
        anyhow::ensure!(status == 200, "{door}: status {status}: {}", String::from_utf8_lossy(&body));
        Ok(serde_json::from_slice(&body)?)
    }

    /// What a door says by GET: status and body.
    pub(super) async fn fetch(&self, door: &str, chance: &mut Chance) -> anyhow::Result<(u16, Vec<u8>)> {
        let mut connection = Connection::open(&self.target(self.any(chance))).await?;
        let status = connection.get(&door_of(door)).await?;
        Ok((status, connection.body))
    }

    /// What a door says by POST.
    pub(super) async fn post(&self, door: &str, (kind, body): (&str, &[u8]), chance: &mut Chance) -> anyhow::Result<(u16, Value)> {
        post(&self.target(self.any(chance)), door, (kind, body)).await
    }

    /// A document's data.
    pub(super) async fn run(&self, document: &str, variables: &Value, chance: &mut Chance) -> anyhow::Result<Value> {
        Connection::open(&self.target(self.any(chance))).await?.run(document, variables).await
    }

    pub(super) async fn end(self) -> anyhow::Result<()> {
        for server in self.servers {
            server.kill().await?;
        }
        Ok(())
    }
}

/// What a door of a node says by POST.
pub(super) async fn post(target: &Target, door: &str, (kind, body): (&str, &[u8])) -> anyhow::Result<(u16, Value)> {
    let mut connection = Connection::open(target).await?;
    let status = connection.post_to(&door_of(door), kind, body).await?;
    Ok((status, serde_json::from_slice(&connection.body).unwrap_or_default()))
}

fn door_of(door: &str) -> String {
    format!("/t/{TENANT}/{door}")
}
