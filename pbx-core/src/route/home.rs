//! Where a caller is at home: how they dial, what they show, where help finds them. PRF-02, NUM-08, GEO-06.

use std::sync::Arc;

use config::{
    NumberId,
    numbering::Home,
    snapshot::{Geolocation, PhoneNumber, Site, Tenant, User},
};

use super::Question;

/// The rows that say it, in the order in which they are asked: user, site, tenant.
#[derive(Debug, Clone, Copy)]
pub(super) struct At<'a> {
    pub tenant: &'a Tenant,
    pub user: Option<&'a User>,
    pub site: Option<&'a Site>,
}

impl<'a> At<'a> {
    /// Of who asks; `None` if their tenant is gone.
    pub(super) fn of(question: &Question<'a>) -> Option<Self> {
        let Question { snapshot, caller, .. } = *question;
        let tenant = snapshot.tenant(question.tenant)?;
        let user = caller.user.and_then(|id| snapshot.user(tenant.id, id));
        let device = caller.device.and_then(|id| snapshot.device(tenant.id, id));
        let site = user.and_then(|user| user.site).or_else(|| device?.site).or(tenant.site);
        let site = site.and_then(|id| snapshot.site(tenant.id, id));
        Some(Self { tenant, user: user.map(Arc::as_ref), site: site.map(Arc::as_ref) })
    }

    /// How they dial.
    pub(super) fn dials(&self) -> Home<'a> {
        let site = self.site.map(|site| &site.calling);
        let area = [self.user.map(|user| &user.calling.area_code), site.map(|site| &site.area_code)];
        let area = area.into_iter().flatten().find(|area| !area.is_empty());
        let country = site.map(|site| &site.country).filter(|country| !country.is_empty());
        Home {
            country: country.unwrap_or(&self.tenant.country),
            area: area.unwrap_or(&self.tenant.calling.area_code),
        }
    }

    /// The number that they show outside, and what says so: the user's chosen one, the one that rings them, the site's.
    pub(super) fn shows(&self, question: &Question<'a>) -> Option<(&'a PhoneNumber, &'static str)> {
        let Question { snapshot, tenant, .. } = *question;
        let number = |id: NumberId| snapshot.number(tenant, id).map(Arc::as_ref);
        let own = self.user.and_then(|user| user.calling.caller_id).and_then(number);
        let direct = || self.user.and_then(|user| snapshot.direct_number(tenant, user.id)).map(Arc::as_ref);
        let site = || self.site.and_then(|site| site.calling.caller_id).and_then(number);
        own.map(|own| (own, "caller ID of the user"))
            .or_else(|| direct().map(|own| (own, "number of the user")))
            .or_else(|| site().map(|own| (own, "caller ID of the site")))
    }

    /// Where their phone is, and what says so: the phone, the user, the site, the company.
    pub(super) fn place(&self, question: &Question<'a>) -> Option<(&'a Geolocation, &'static str)> {
        let Question { snapshot, tenant, caller, .. } = *question;
        let device = caller.device.and_then(|id| snapshot.device(tenant, id));
        let ways = [
            (device.and_then(|device| device.geolocation), "geolocation of the device"),
            (self.user.and_then(|user| user.calling.geolocation), "geolocation of the user"),
            (self.site.and_then(|site| site.calling.geolocation), "geolocation of the site"),
            (self.tenant.calling.geolocation, "geolocation of the company"),
        ];
        let found = ways.into_iter().find_map(|(id, rule)| Some((snapshot.geolocation(tenant, id?)?, rule)));
        found.map(|(place, rule)| (place.as_ref(), rule))
    }
}
