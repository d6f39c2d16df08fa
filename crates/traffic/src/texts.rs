//! What messages say: senders and texts in the countries' languages.
//!
//! Only fingerprints leave this crate, made the way an SMS firewall makes them ([`lancang_record::text`]). Which
//! templates are one-time codes stands in the lists `otp-templates` and `otp-senders`, as a firewall's operator keeps
//! them.

use lancang_record::text;

use crate::row::Names;
use crate::world::OPERATORS;

/// What a registered sender sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// One-time codes.
    Code,
    /// Notices to customers, some with a link.
    Notice,
    /// Offers.
    Offer,
}

/// A registered sender: what it sends, and how often against the others.
pub const SENDERS: [(&str, Purpose, u32); 16] = [
    ("MEKONGBANK", Purpose::Notice, 12),
    ("LANCANGPAY", Purpose::Notice, 14),
    ("PARCELPOST", Purpose::Notice, 10),
    ("HEALTHGOV", Purpose::Notice, 2),
    ("GRIDPOWER", Purpose::Notice, 3),
    ("CITYSCHOOL", Purpose::Notice, 2),
    ("TOPUPSHOP", Purpose::Offer, 16),
    ("MARKETDAY", Purpose::Offer, 10),
    ("MEKONGOTP", Purpose::Code, 3),
    ("PAYCODE", Purpose::Code, 3),
    ("CHATTER", Purpose::Code, 2),
    ("RIDENOW", Purpose::Code, 2),
    ("BAZAARLY", Purpose::Code, 1),
    ("LUNAMAIL", Purpose::Code, 1),
    ("VIDLOOP", Purpose::Code, 1),
    ("TRADEHUB", Purpose::Code, 1),
];

/// Texts of a language, in the order of [`OPERATORS`]. `{}` stands for the sender.
struct Language {
    code: &'static str,
    notices: [&'static str; 3],
    offers: [&'static str; 2],
    phrases: [&'static str; 6],
    bait: [&'static str; 3],
    business: &'static str,
}

const LANGUAGES: [Language; 6] = [
    Language {
        code: "{}: លេខកូដរបស់អ្នកគឺ 123456។ កុំប្រាប់អ្នកណា",
        notices: ["{}: ប្រតិបត្តិការ 25 ដុល្លារ បានជោគជ័យ", "{}: កញ្ចប់របស់អ្នកមកដល់ថ្ងៃនេះ", "{}: វិក្កយបត្រខែនេះ 45000 រៀល"],
        offers: ["{}: បញ្ចូល 1 ដុល្លារ ទទួលបាន 100", "{}: បញ្ចុះតម្លៃ 50 ភាគរយ សប្តាហ៍នេះ"],
        phrases: ["អូខេ", "នៅណា", "ជិតដល់ហើយ", "បាទ អរគុណ", "ចាំបន្តិច", "តេមកវិញផង"],
        bait: ["គណនីរបស់អ្នកត្រូវបានផ្អាក បញ្ជាក់នៅ {}", "អ្នកឈ្នះរង្វាន់ 1000 ដុល្លារ ចុច {}", "កញ្ចប់របស់អ្នកជាប់គយ បង់នៅ {}"],
        business: "ហាងយើងមានទំនិញថ្មី តម្លៃ 20 ដុល្លារ",
    },
    Language {
        code: "【{}】您的验证码是123456，5分钟内有效，请勿告诉他人",
        notices: [
            "【{}】您尾号1234的账户支出25.00元",
            "【{}】您的快递已到达，取件码1234",
            "【{}】本月账单45.00元，请及时缴费",
        ],
        offers: ["【{}】充值满100送20，退订回T", "【{}】本周全场5折，退订回T"],
        phrases: ["好的", "在哪里", "快到了", "谢谢", "等一下", "回个电话"],
        bait: [
            "您的账户已被冻结，请立即验证 {} ",
            "恭喜您获得1000元奖金，点击 {} 领取",
            "您的包裹被海关扣留，请在 {} 缴费",
        ],
        business: "本店新货到了，20元起，欢迎选购",
    },
    Language {
        code: "{}: ລະຫັດຂອງທ່ານແມ່ນ 123456 ຢ່າບອກໃຜ",
        notices: ["{}: ໂອນເງິນ 250000 ກີບ ສຳເລັດ", "{}: ພັດສະດຸຂອງທ່ານມາຮອດແລ້ວ", "{}: ໃບບິນເດືອນນີ້ 45000 ກີບ"],
        offers: ["{}: ຕື່ມ 10000 ໄດ້ 20000", "{}: ຫຼຸດລາຄາ 50 ສ່ວນຮ້ອຍ"],
        phrases: ["ໂອເຄ", "ຢູ່ໃສ", "ໃກ້ຮອດແລ້ວ", "ຂອບໃຈ", "ລໍຖ້າແດ່", "ໂທກັບແດ່"],
        bait: ["ບັນຊີຂອງທ່ານຖືກລະງັບ ຢືນຢັນທີ່ {}", "ທ່ານຖືກລາງວັນ 1000 ໂດລາ ກົດ {}", "ພັດສະດຸຂອງທ່ານຄ້າງຢູ່ດ່ານ ຈ່າຍທີ່ {}"],
        business: "ຮ້ານເຮົາມີສິນຄ້າໃໝ່ ລາຄາ 20 ພັນກີບ",
    },
    Language {
        code: "{}: သင့်ကုဒ်မှာ 123456 ဖြစ်သည်။ မည်သူ့ကိုမျှ မပြောပါနှင့်",
        notices: ["{}: ငွေ 25000 ကျပ် လွှဲပြီးပါပြီ", "{}: သင့်ပါဆယ် ရောက်ပါပြီ", "{}: ယခုလ မီတာခ 4500 ကျပ်"],
        offers: ["{}: 1000 ဖြည့် 2000 ရ", "{}: ယခုအပတ် 50 ရာခိုင်နှုန်း လျှော့"],
        phrases: ["အိုကေ", "ဘယ်မှာလဲ", "ရောက်တော့မယ်", "ကျေးဇူး", "ခဏစောင့်", "ပြန်ခေါ်ပါ"],
        bait: ["သင့်အကောင့် ပိတ်ထားသည် အတည်ပြုရန် {}", "ဆုငွေ 1000 ရရှိသည် နှိပ်ပါ {}", "သင့်ပါဆယ် အကောက်ခွန်တွင်ရှိသည် {} တွင်ပေးပါ"],
        business: "ဆိုင်မှာ ပစ္စည်းအသစ် 20000 ကျပ်",
    },
    Language {
        code: "{}: รหัสของคุณคือ 123456 ห้ามบอกผู้อื่น",
        notices: ["{}: โอนเงิน 250.00 บาท สำเร็จ", "{}: พัสดุของคุณถึงแล้ววันนี้", "{}: ค่าไฟเดือนนี้ 450 บาท"],
        offers: ["{}: เติม 100 รับ 120", "{}: ลด 50 เปอร์เซ็นต์ สัปดาห์นี้"],
        phrases: ["โอเค", "อยู่ไหน", "ใกล้ถึงแล้ว", "ขอบคุณครับ", "รอแป๊บ", "โทรกลับด้วย"],
        bait: ["บัญชีของคุณถูกระงับ ยืนยันที่ {}", "คุณได้รับรางวัล 1000 บาท กด {}", "พัสดุติดด่านศุลกากร ชำระที่ {}"],
        business: "ร้านมีของใหม่ ราคา 200 บาท สนใจทักมา",
    },
    Language {
        code: "{}: Ma xac thuc cua quy khach la 123456. Khong chia se cho bat ky ai",
        notices: [
            "{}: Giao dich 250000 VND thanh cong",
            "{}: Buu pham cua ban da den",
            "{}: Tien dien thang nay 450000 VND",
        ],
        offers: ["{}: Nap 100000 tang 20000", "{}: Giam gia 50 phan tram tuan nay"],
        phrases: ["ok em", "đang ở đâu", "sắp tới rồi", "cảm ơn nhé", "đợi chút", "gọi lại nhé"],
        bait: [
            "Tài khoản của bạn bị khóa, xác minh tại {}",
            "Bạn trúng thưởng 1000 USD, bấm {}",
            "Bưu phẩm bị giữ tại hải quan, nộp phí tại {}",
        ],
        business: "Shop mình có hàng mới giá 200k, inbox nhé",
    },
];

/// A text as rows carry it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Text {
    /// Place of its sender in [`Names`]; 0 for a person.
    pub sender: u32,
    /// Fingerprint.
    pub template: u64,
    /// Place of its link's domain in [`Names`]; 0 for none.
    pub domain: u32,
    /// Characters.
    pub length: u16,
}

/// Fingerprint of a text and its number of characters.
#[must_use]
pub fn fingerprint(content: &str) -> (u64, u16) {
    let template = text::template(content).and_then(|template| u64::from_str_radix(&template, 16).ok());
    (template.unwrap_or(0), content.chars().count() as u16)
}

/// All texts of one operator's country.
#[derive(Clone, Debug)]
pub struct Texts {
    /// By place in [`SENDERS`]: one to three texts each.
    sent: Vec<Vec<Text>>,
    /// What people write again and again.
    phrases: Vec<Text>,
}

impl Texts {
    /// Of an operator.
    #[must_use]
    pub fn new(operator: usize, names: &mut Names) -> Self {
        let language = &LANGUAGES[operator];
        let sent = SENDERS.iter().map(|(sender, purpose, _)| {
            let contents: &[&str] = match purpose {
                Purpose::Code => &[language.code],
                Purpose::Notice => &language.notices,
                Purpose::Offer => &language.offers,
            };
            let place = names.add(sender);
            let domain = names.add(&format!("{}.com", sender.to_lowercase()));
            let text = |(index, content): (usize, &&str)| {
                let (template, length) = fingerprint(&content.replace("{}", sender));
                // Every second text has a link.
                let domain = if *purpose != Purpose::Code && index % 2 == 1 { domain } else { 0 };
                Text { sender: place, template, domain, length }
            };
            contents.iter().enumerate().map(text).collect()
        });
        let phrases = language.phrases.iter().map(|content| {
            let (template, length) = fingerprint(content);
            Text { template, length, ..Text::default() }
        });
        Self { sent: sent.collect(), phrases: phrases.collect() }
    }

    /// One of the texts of a registered sender.
    #[must_use]
    pub fn registered(&self, sender: u64, draw: u64) -> Text {
        let texts = &self.sent[sender as usize % SENDERS.len()];
        texts[draw as usize % texts.len()]
    }

    /// A one-time code of one of the eight services that send them.
    #[must_use]
    pub fn code(&self, service: u64) -> Text {
        let codes = SENDERS.iter().enumerate().filter(|(_, (_, purpose, _))| *purpose == Purpose::Code);
        codes.map(|(index, _)| self.sent[index][0]).cycle().nth((service % 8) as usize).unwrap_or_default()
    }

    /// What somebody writes to somebody: a common phrase, or words of their own.
    #[must_use]
    pub fn personal(&self, draw: u64) -> Text {
        if draw.is_multiple_of(4) {
            return self.phrases[(draw >> 8) as usize % self.phrases.len()];
        }
        Text { template: draw | 1, length: 8 + (draw >> 32) as u16 % 90, ..Text::default() }
    }
}

/// Fingerprint and length of bait number `which` with a link to `domain`, as campaign `campaign` words it.
#[must_use]
pub fn bait(operator: usize, which: u64, campaign: &str, domain: &str) -> (u64, u16) {
    let text = LANGUAGES[operator].bait[which as usize % 3].replace("{}", &format!("https://{domain}/{campaign}"));
    fingerprint(&format!("{text} {campaign}"))
}

/// Fingerprint and length of a small seller's offer, in that seller's words.
#[must_use]
pub fn business(operator: usize, seller: &str) -> (u64, u16) {
    fingerprint(&format!("{} {seller}", LANGUAGES[operator].business))
}

/// Entries of the lists that a firewall's operator keeps: list, kind, value.
#[must_use]
pub fn lists() -> Vec<(String, String, String)> {
    let mut entries = Vec::new();
    let mut add = |list: &str, kind: &str, value: String| entries.push((list.to_owned(), kind.to_owned(), value));
    for (sender, purpose, _) in SENDERS {
        add("official-senders", "sender", sender.to_owned());
        add("official-domains", "domain", format!("{}.com", sender.to_lowercase()));
        if purpose == Purpose::Code {
            add("otp-senders", "sender", sender.to_owned());
        }
        for operator in &OPERATORS {
            add("approved-routes", "route", format!("{sender}@{}-smsc1", operator.letters));
        }
    }
    let mut names = Names::new(0);
    for operator in 0..OPERATORS.len() {
        let texts = Texts::new(operator, &mut names);
        for ((_, purpose, _), sent) in SENDERS.iter().zip(&texts.sent) {
            if *purpose == Purpose::Code {
                sent.iter().for_each(|text| add("otp-templates", "template", format!("{:016x}", text.template)));
            }
        }
    }
    entries
}
