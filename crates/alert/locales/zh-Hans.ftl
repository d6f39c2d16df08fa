### Alerts in words. Shared by the command line and the console.
### NOT REVIEWED by a native reader: whoever has read it takes `unreviewed` out and puts a name and a date here.

## What the language calls itself

language = 简体中文

## A value against its limit, as a sentence

reason = { $what }为 { $value }，限值为 { $limit }。
what-in-period = { $period }{ $what }
period-2h = 两小时内
period-4h = 四小时内
period-6h = 六小时内
period-day = 一天内

## Values with their units

unit-s = { $value } 秒
unit-km = { $value } 公里
unit-kmh = { $value } 公里/小时
unit-d = { $value } 天
unit-ratio = { $value }%
unit-bit = { $value } 比特
unit-deviations = 偏离常态 { $value } 个标准差

## What an alert says

message-open = 新增
message-update = 更新
message-close = 已关闭
message-cancel = 已撤销
message-victims = 列出更多受害人
status-exercise = 演练
status-test = 测试

## OCSF

severity-0 = 未知
severity-1 = 提示
severity-2 = 低
severity-3 = 中
severity-4 = 高
severity-5 = 严重
severity-6 = 致命

## Parts that entities play

role-suspect = 嫌疑
role-used = 被利用
role-impersonated = 被冒用
role-victim = 受害者

## Entities

entity-caller = 主叫号码
entity-callee = 被叫号码
entity-sim = SIM 卡
entity-device = 设备
entity-cell = 小区
entity-trunk = 中继
entity-block = 号段
entity-template = 短信模板
entity-domain = 域名

## Families of patterns

family-sim-box = SIM 盒（GoIP）
family-clone = 克隆卡或设备
family-spoofing = 伪造主叫或发送者
family-wangiri = 响一声诈骗
family-toll = 国际收益分成欺诈
family-robocall = 自动骚扰呼叫
family-victim-call = 受害者正被电话诈骗
family-smishing = 诈骗短信
family-otp = 验证码滥用
family-takeover = 账户被盗用
family-reported = 公众举报

## What is recommended

action-block-at-border = 在国际来话路由上拦截所显号码
action-block-content = 拦截含此内容或链接的短信
action-block-destination = 拦截拨往该目的地的呼叫
action-block-range = 拦截回拨该号段的呼叫
action-block-sender = 拦截该发送者
action-hold-transfers = 请银行暂缓受害者的转账
action-locate-site = 查找设备所在地
action-preserve-records = 保全话单记录
action-trace-route = 与互联伙伴追查来话路由
action-verify-device = 在设备登记库中核查设备
action-verify-registration = 核查 SIM 卡登记人
action-verify-report = 核实举报
action-warn-subscribers = 提醒用户
action-warn-victims = 提醒受害者

## Words beside values

label-disputed = 提出异议的国家：
label-victims = 受害者
label-score = 评分
label-recommended = 建议
label-hidden = 已隐藏
label-more = 另有 { $count } 项

## Features, by their codes; of `calls_6h` that of `calls` with the period

code-age_days = 最新 SIM 卡的使用天数
code-answered_by = 被接听的号码数
code-areas = 拨打的地区数
code-at_home = 冒用在本国用户号码的呼叫
code-at_once = 同时进行的呼叫
code-busy_s = 通话总时长
code-called_back = 回拨的人数
code-callees = 呼叫或发送的对象数
code-callers = 主叫号码数
code-calls = 呼叫次数
code-cells = 使用的小区数
code-codes = 收到的验证码数
code-codes_after = 陌生人长通话后的验证码
code-codes_before = 第二个陌生来电前的验证码
code-codes_from_abroad = 境外陌生来电期间的验证码
code-codes_in_call = 陌生来电期间的验证码
code-codes_in_long_call = 陌生人长通话期间的验证码
code-codes_soon = 陌生来电后不久的验证码
code-codes_to_new_device = 发往新 SIM 卡或新设备的验证码
code-dealers = SIM 卡经销商数
code-deviation = 与该时段常态的偏离
code-devices = 设备数
code-distinct_share = 不同被叫所占比例
code-farthest_km = 两地间最大距离
code-foreign_links = 含境外域名链接的短信
code-forwarded = 转接给陌生人的呼叫
code-from_abroad_after = 验证码之后的境外来电
code-journeys = 速度不可能的移动次数
code-lasts_s = 通话已持续时长
code-links = 含链接的短信
code-longest_s = 最长通话
code-messages = 短信数
code-near = 主叫与被叫号码相近的呼叫
code-new_services = 首次发信的服务数
code-official = 官方号码的呼叫
code-police = 警方报告
code-premium_hour_s = 一小时内拨打高资费号段的时长
code-premium_numbers = 拨打的高资费号码数
code-premium_s = 拨打高资费号段的时长
code-received = 接听的通话数
code-recipients = 收信人数
code-registrants = SIM 卡登记人数
code-regularity = 呼叫间隔的规律性
code-reports = 举报数
code-rings = 仅振铃的呼叫
code-run = 最长连续号码段
code-senders = 发送者数
code-services = 发送验证码的服务数
code-sims = SIM 卡数
code-stranger_s = 与陌生人通话的时长
code-strangers = 首次联系的陌生对象数
code-talk_s = 交谈时长
code-test_calls = 经此号码到达的测试呼叫
code-texts = 不同短信内容数
code-unanswered = 无人接听的呼叫
code-victims = 被呼叫的受害者数
code-young = 新卡或境外单向 SIM 卡数

## Shown before everything else

unreviewed = 译文未经母语者审校。
