//! A database with many users, each with an extension and a device whose password the generator knows.

use std::{error::Error, path::Path};

use config::{
    Db, Resource, TenantId,
    resource::Values,
    resources,
    write::Author,
};

/// The password of every seeded device.
pub const SECRET: &str = "bench-password-of-a-phone";

/// Makes `count` users with extensions from `first` on in a fresh `folder`. Returns the tenant's SIP domain.
pub fn users(folder: &Path, first: u32, count: u32) -> Result<String, Box<dyn Error>> {
    std::fs::create_dir_all(folder)?;
    let db = Db::open(folder)?;
    db.first_start()?;
    let author = Author {
        tenant: TenantId(1),
        name: "bench".into(),
        address: String::new(),
        via: "cli",
        level: 3,
    };
    let (people, phones) = (table("users")?, table("devices")?);
    let numbers: Vec<String> = (first..first + count).map(|n| n.to_string()).collect();
    let mut csv = String::from("first_name,last_name,extension,busy_trigger\n");
    numbers.iter().for_each(|n| csv += &format!("Bench,{n},{n},20\n"));
    db.import_csv(&author, people, &csv)?;
    let ids = rusqlite::Connection::open(folder.join("dialtone.db"))?
        .prepare("SELECT u.id, e.number FROM users u JOIN extensions e ON e.user_id = u.id WHERE u.first_name = 'Bench'")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<Vec<(i64, String)>, _>>()?;
    for (user, number) in ids {
        let device = [("name", &*number), ("user", &user.to_string()), ("username", &number), ("secret", SECRET)];
        let values: Values = device.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
        db.create(&author, phones, &values)?;
    }
    let settings = rusqlite::Connection::open(folder.join("dialtone.db"))?;
    Ok(settings.query_row("SELECT domain FROM tenants WHERE id = 1", [], |row| row.get(0))?)
}

fn table(name: &str) -> Result<&'static Resource, Box<dyn Error>> {
    resources::by_name(name).ok_or_else(|| format!("no table {name}").into())
}
