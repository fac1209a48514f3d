//! A database with many users, each with an extension and a device whose password the generator knows.

use std::{error::Error, path::Path};

use config::{Db, Resource, TenantId, resource::Values, resources, write::Author};

/// The password of every seeded device.
pub const SECRET: &str = "bench-password-of-a-phone";

/// Makes `count` users with extensions from `first` on in a fresh `folder`. Returns the tenant's SIP domain.
pub fn users(folder: &Path, first: u32, count: u32) -> Result<String, Box<dyn Error>> {
    std::fs::create_dir_all(folder)?;
    let db = Db::open(folder)?;
    db.first_start()?;
    let author = Author::program(TenantId(1), "bench", "cli");
    let (people, phones) = (table("users")?, table("devices")?);
    let fill = |of, fields: &[(&str, &str)]| {
        let values: Values = fields.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        db.create(&author, of, &values)
    };
    for number in (first..first + count).map(|n| n.to_string()) {
        let name = [
            ("first_name", "Bench"),
            ("last_name", &*number),
            ("extension", &*number),
            ("busy_trigger", "20"),
        ];
        let user = fill(people, &name)?.id.to_string();
        fill(phones, &[("name", &*number), ("user", &*user), ("username", &*number), ("secret", SECRET)])?;
    }
    let settings = rusqlite::Connection::open(folder.join("dialtone.db"))?;
    Ok(settings.query_row("SELECT domain FROM tenants WHERE id = 1", [], |row| row.get(0))?)
}

fn table(name: &str) -> Result<&'static Resource, Box<dyn Error>> {
    resources::by_name(name).ok_or_else(|| format!("no table {name}").into())
}
