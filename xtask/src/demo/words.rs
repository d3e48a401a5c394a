//! The words names are made of. Every company and person made from them is invented.

/// Cities with the province they lie in and the territory they are sold from.
pub(super) const CITIES_ZH: [(&str, &str, &str); 10] = [
    ("上海", "上海市", "east"),
    ("苏州", "江苏省", "east"),
    ("杭州", "浙江省", "east"),
    ("合肥", "安徽省", "east"),
    ("北京", "北京市", "north"),
    ("青岛", "山东省", "north"),
    ("广州", "广东省", "south"),
    ("深圳", "广东省", "south"),
    ("成都", "四川省", "west"),
    ("西安", "陕西省", "west"),
];

/// Cities abroad with their country.
pub(super) const CITIES_EN: [(&str, &str); 8] = [
    ("Rotterdam", "NL"),
    ("Leeds", "GB"),
    ("Graz", "AT"),
    ("Porto", "PT"),
    ("Columbus", "US"),
    ("Tacoma", "US"),
    ("Penang", "MY"),
    ("Adelaide", "AU"),
];

/// First and second character of a Chinese brand.
pub(super) const BRAND_FIRST: [&str; 16] = ["澜", "启", "恒", "锐", "云", "禾", "鼎", "星", "博", "瑞", "川", "凌", "睿", "嘉", "宏", "沐"];
pub(super) const BRAND_SECOND: [&str; 16] =
    ["创", "盛", "舟", "峰", "谷", "川", "泽", "帆", "元", "森", "鸣", "岳", "辰", "棠", "图", "越"];

/// Beginnings and ends of an English brand.
pub(super) const BRAND_BEGIN: [&str; 18] = [
    "Alder", "Brigh", "Cobal", "Dun", "Elder", "Fen", "Garn", "Hollow", "Iven", "Juniper", "Kest", "Lark", "Marl", "North", "Orrin",
    "Pell", "Quarr", "Rown",
];
pub(super) const BRAND_END: [&str; 12] =
    ["moor", "wick", "gate", "field", "brook", "stead", "haven", "mere", "ridge", "combe", "ford", "low"];

/// Line of business: code, words in a Chinese name, words in an English one.
pub(super) const INDUSTRIES: [(&str, &str, &str); 14] = [
    ("manufacturing", "精密制造", "Manufacturing"),
    ("automotive", "汽车零部件", "Motor Parts"),
    ("construction", "建设工程", "Builders"),
    ("consumer_goods", "日用品", "Household"),
    ("education", "教育科技", "Learning"),
    ("energy", "新能源", "Energy"),
    ("finance", "融资租赁", "Finance"),
    ("healthcare", "医疗器械", "Medical"),
    ("hospitality", "酒店管理", "Hotels"),
    ("logistics", "供应链", "Freight"),
    ("real_estate", "置业", "Estates"),
    ("retail", "商贸", "Stores"),
    ("software", "软件", "Software"),
    ("telecommunications", "通信技术", "Networks"),
];

pub(super) const SURNAMES_ZH: [&str; 24] = [
    "王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙", "胡", "朱", "高", "林", "何", "郭", "马", "罗", "欧阳", "上官",
    "夏", "方",
];
pub(super) const GIVEN_ZH: [&str; 28] = [
    "子涵", "雨桐", "思远", "佳怡", "浩然", "欣妍", "志强", "晓敏", "建国", "丽华", "明轩", "梓萱", "俊杰", "静怡", "宇航", "婉清", "文博",
    "若曦", "海涛", "秋月", "一鸣", "可欣", "泽宇", "诗涵", "立新", "春燕", "凯", "薇",
];
pub(super) const SURNAMES_EN: [&str; 20] = [
    "Ashby",
    "Bellamy",
    "Carver",
    "Dawes",
    "Ekström",
    "Farrow",
    "Grieve",
    "Hale",
    "Ibarra",
    "Jessop",
    "Kovac",
    "Lindqvist",
    "Marlow",
    "Novak",
    "Okafor",
    "Pryce",
    "Quinn",
    "Reyes",
    "Sorrell",
    "Thorne",
];
pub(super) const GIVEN_EN: [&str; 20] = [
    "Ada", "Bram", "Clara", "Desmond", "Elif", "Felix", "Greta", "Hugo", "Ines", "Jonas", "Kira", "Leon", "Maya", "Nils", "Odile", "Priya",
    "Rafael", "Sana", "Tomas", "Yara",
];

/// Job titles: Chinese, English, buying role.
pub(super) const TITLES: [(&str, &str, &str); 9] = [
    ("总经理", "Managing Director", "decision_maker"),
    ("采购总监", "Head of Purchasing", "decision_maker"),
    ("采购经理", "Purchasing Manager", "gatekeeper"),
    ("信息部主任", "IT Manager", "influencer"),
    ("财务经理", "Finance Manager", "gatekeeper"),
    ("生产厂长", "Plant Manager", "influencer"),
    ("运营经理", "Operations Manager", "user"),
    ("行政主管", "Office Manager", "user"),
    ("工程师", "Engineer", "user"),
];

/// Where customers come from.
pub(super) const SOURCES: [(&str, i64); 9] = [
    ("WEBSITE", 20),
    ("SEARCH_AD", 14),
    ("SOCIAL_MEDIA", 8),
    ("WECOM", 16),
    ("EVENT", 14),
    ("REFERRAL", 12),
    ("PARTNER", 8),
    ("COLD_CALL", 5),
    ("EXISTING_CUSTOMER", 3),
];
