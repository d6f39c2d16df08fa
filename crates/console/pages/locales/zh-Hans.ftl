### The console's own texts; those of alerts are in crates/alert/locales/.
### NOT REVIEWED by a native reader, as those of alerts.

## Frame

page-now = 实时
page-bar-list = 停机名单
page-incident = 事件
page-figures = 地图与统计
page-campaigns = 团伙行动
page-coordination = 协调
page-sources = 来源
page-audit = 审计日志
page-sign-in = 登录
pages = 页面
skip = 跳到正文
desk-of = { $carrier } 的工作台
choose-language = 语言
theme = 浅色或深色
theme-auto = 跟随系统
theme-light = 浅色
theme-dark = 深色
sign-in = 登录
sign-in-by = 通过 { $provider } 登录
sign-in-here = 或使用本控制台的用户名和密码
sign-out = 退出
user-name = 用户名
password = 密码
user-role-viewer = 查看者
user-role-investigator = 调查员
user-role-liaison = 联络官
user-role-auditor = 审计员
user-role-analyst = 反欺诈分析员
clock = 时间按 { $zone } 显示；指向时间可看 UTC
close = 关闭
send = 发送
again = 重试
print = 打印
state-loading = 正在加载……

## Keys

keys = 按键
keys-on = 启用按键
key-next = 下一条告警
key-before = 上一条告警
key-enter = 打开
key-esc = 返回
key-search = 搜索
key-help = 本帮助

## Countries

country-CN = 中国
country-KH = 柬埔寨
country-LA = 老挝
country-MM = 缅甸
country-TH = 泰国
country-VN = 越南

## Trouble

error-unreachable = 无法连接服务器。
error-signed-out = 您已退出，请重新登录。
error-wrong-password = 用户名或密码错误。
error-forbidden = 您的角色无权执行此操作。
error-csrf = 页面已过期，请重新加载。
error-not-found = 此地址没有内容。
error-method = 没有这种请求。
error-form = 表单内容有误。文本中不得出现个人信息：连续数字不得超过八位。
error-too-many = 请求过多，请稍候。
error-too-large = 内容过长。
error-not-set-up = 本控制台没有所需的密钥。
error-exchange-away = 无法连接交换集群，未发送任何内容。
error-home-away = 无法连接本地集群，未查看也未列出任何内容。
error-holds-untold = 无法确定哪些暂缓请求有效，因此未列出任何内容。原因见控制台日志。
error-starting = 控制台仍在读取主题，请稍后再试。
error-fault = 服务器出错，详情见其日志。
error-no-role = 身份提供方认识您，但本控制台未授予您任何角色。请联系控制台管理员。
error-provider-away = 无法连接身份提供方。请稍后再试，或使用本控制台的用户名和密码登录。
error-provider-denied = 身份提供方未允许您登录。
error-provider-unbelieved = 身份提供方发来的内容不可信，未有人登录。原因见控制台日志。
error-sign-in-over = 此次登录已失效：超过十分钟、重复返回，或在其他浏览器中开始。请重新开始。
error-other = 服务器拒绝：{ $code }

## Now

now-none = 暂无告警。新告警会自动出现。
now-none-filtered = 没有符合筛选条件的告警。
now-too-broad = 符合此搜索的告警过多，请输入更多内容。
now-more = 显示更早的
now-held = 阅读时已暂停
now-waiting = 待显示：{ $count }
now-lag = 尚未读取：{ $count }
now-alike = 同类：{ $count }
line-live = 实时连接
line-away = 连接中断，正在重试
line-starting = 正在连接
filters = 筛选
filter-q = 搜索：编号、令牌、号码、域名
filter-country = 国家
filter-source = 来源
filter-pattern = 模式
filter-severity = 最低级别
filter-state = 状态
filter-work = 本国处理
filter-group = 合并同类
filter-all = 全部
filter-none = 清除筛选
state-open = 进行中
state-closed = 已关闭
state-cancelled = 已撤销
stage-new = 新
stage-acknowledged = 已确认
stage-investigating = 调查中
stage-joint-operation = 联合行动
stage-referred = 已移送
stage-disputed = 有争议
seen-by = 已阅：
severity = 严重程度

## Incident

back-to-now = 返回全部告警
not-actual = 这不是真实案件：{ $status }。
taken-back = 已由发布方撤销。原因：{ $reason }。决定人：{ $persons }。
goes-on-in = 此事件属于另一事件，并在该处继续：
hold-in-force = 暂缓有效至 { $until }，案件 { $case }：不停机，不通知用户。
verdicts-differ = 各国结论不一致，全部列于下方。
why = 原因
facts = 概况
fact-events = 事件时间
fact-published = 发布时间
fact-actionable = 处置期限
fact-producer = 运营商
fact-place = 地点
fact-contact = 联系方式
fact-handling = 使用限制
fact-retain = 删除期限
fact-id = 事件编号
expired = 已过期
confidence = 置信度 { $value }/100
entities = 涉及对象
entity-head-role = 角色
entity-head-type = 类型
entity-head-value = 可见值
entity-head-country = 国家
entity-head-holder = 号段持有者
entity-head-token = 令牌
open-value = 查看原值
open-means = 查看原值将连同案件编号记入审计日志。
impersonated-means = 被冒用：该号码仅显示给被叫，其持有人是受害者，不是嫌疑人。
case-reference = 案件编号
said = 各国意见
said-none = 尚无国家发表意见。
said-order = 按时间顺序
said-head-country = 国家
said-head-acknowledged = 已确认
said-head-stage = 处理
said-head-verdict = 结论
disputes = 提出异议
requests = 对运营商的请求
request-head-measure = 请求
request-head-by = 请求方
request-head-case = 案件
request-head-until = 截止
request-head-answer = 回执
unanswered = 尚未答复
in-force = 有效
ended = 已结束
hours-left = 剩余小时：{ $count }
days-left = 剩余天数：{ $count }
kind-acknowledgement = 已确认
kind-status = 处理
kind-verdict = 结论
kind-comment = 备注
kind-request = 请求
kind-receipt = 回执
kind-suppression = 抑制
kind-cancel = 撤销
kind-operation = 提议联合行动
kind-operation-answer = 答复
kind-operation-addition = 补充清单
kind-operation-stage = 阶段
measure-preserve = 保全记录
measure-hold = 暂缓：不停机、不通知
outcome-accepted = 已接受
outcome-refused = 已拒绝
outcome-asked = 已请求
outcome-done = 已完成
outcome-failed = 失败
verdict-0 = 未知
verdict-1 = 误报
verdict-2 = 属实
verdict-3 = 不予理会
verdict-4 = 可疑
verdict-5 = 无害
verdict-6 = 测试
verdict-7 = 数据不足
verdict-8 = 安全风险
verdict-9 = 由他方处理
verdict-10 = 重复
verdict-99 = 其他
verdict-rest = 其他
revisions = 修订记录
revision-tells = 第 { $revision } 版 · 评分 { $score } · 对象 { $entities }
evidence = 证据
evidence-tells = 运营商处的记录引用：{ $count }。记录留在运营商处，按案件调取。
evidence-line = 运营商处的行（主题 / 分区 / 偏移量）
evidence-root = 默克尔根
evidence-kept = 保存至
evidence-signed = 签名密钥
evidence-alert = 本告警（主题 / 偏移量）
evidence-pattern = 模式及其哈希
sequence = 序号
related = 相关事件
related-none = 未发现相关事件。
in-campaign = 属于一个团伙行动，其告警数：{ $count }
why-token = 令牌相同
why-link = 由运营商指明
why-campaign = 同一团伙行动

## Acts

acts = 可执行的操作
acts-mean = 在此发表的内容以 { $writer } 的名义签名，所有国家均可阅读。
act-said = 已发送。交换集群收到后将显示在下方。
do-acknowledge = 确认
do-take = 接手
do-joint = 联合行动
do-refer = 移送
do-verdict = 结论
do-comment = 备注
do-preserve = 保全记录
do-hold = 请求暂缓
verdict-means = 您的结论与他人的并列显示。误报会将事件对所有国家标记为有争议。
comment-means = 一行，最多 500 字节，所有国家可读。不得包含个人号码。
preserve-means = 运营商保存此事件的记录，并以回执答复。
hold-means = 运营商最多 14 天内既不停机也不通知用户；可说明理由拒绝。
days = 天数

## Dossier

dossier = 案件卷宗
dossier-means = 供接手案件者使用的一个签名文件：告警、各方意见、密钥、查看和导出记录，以及两种语言的可打印摘要。制作卷宗将记入审计日志。
dossier-languages = 摘要的语言
dossier-no-proof = 程序从流量中检测到的内容和各机关的意见：仅为嫌疑，并非证据。号码以掩码和标记显示。时间为协调世界时。
dossier-made = 制作时间
dossier-made-by = 制作人
dossier-left-out = 未收入的事件
dossier-suspects = 嫌疑人
dossier-used = 使用的设备和其他手段
dossier-innocent = 被冒用者和受害者：不是嫌疑人
dossier-custody = 保管链
dossier-keys = 签名所用密钥
dossier-holder = 持有者
dossier-valid = 有效期
dossier-signed = 签名数
key-state-valid = 有效
key-state-expired = 已过期
key-state-revoked = 已吊销

## A carrier's own desk

subscribers = 用户
subscribers-tell = 运营商自己的行所指的对象。按案件查看前均为掩码。
subscribers-none = 未保存此事件的本地行。
subscribers-gone = 已不再保存的本地行：{ $count }
home-line = 本地行
bar-list-tells = 应停机者：在已共享且未撤回的事件中实施行为的本网主叫和 SIM。受暂缓保护者不列入。
bar-list-make = 生成名单
bar-list-means = 名单以明文列出用户。生成名单将连同案件编号记入审计日志。
bar-list-days = 回溯天数
bar-list-made = 已列出：{ $listed }。因暂缓未列入：{ $left }。
bar-list-left = 因暂缓未列入

## Figures

span = 时间
span-day = 24 小时
span-week = 7 天
span-month = 30 天
span-quarter = 90 天
figures-none = 此时段没有告警。
figures-days = 地区、小区和可能的受害人按整日（UTC）统计；其余按小时统计
map = 地图
map-tells = 六国地图。有告警的地区：{ $areas }；小区：{ $cells }。数量见旁边的表。
map-areas = 地区
map-cells = 小区，精确到县区
map-borders = 不绘制边界。
map-table = 所有地区和小区的表格
map-cell = 小区
map-within-km = 范围（公里）
by-country = 按运营商所在国
by-area = 按地区
area = 地区
areas-none = 没有告警注明地区。
incidents = 事件数
trend = 趋势
trend-tells = 事件随时间的变化；单步最多：{ $most }；步数：{ $steps }
trend-table = 趋势（表格）
hours = 各模式的时段分布
hours-tell = 按您时钟的小时统计的事件数
precision = 精确率
precision-tells = 一国判定属实或误报的告警中，属实所占比例
precision-none = 此时段的告警尚无人判定。
judged-by = 判定国

## Campaigns

campaigns-tell = 由共同特征联系在一起的多家运营商的告警。
campaigns-none = 没有符合条件的团伙行动。
campaigns-live = 活动中
campaigns-dissolved = 已解散
campaigns-all = 全部
campaign = 团伙行动
campaign-holds = 告警数：{ $count }
campaign-further = 未保存在此处的其他告警：{ $count }
campaign-dissolved = 该团伙行动已解散。
back-to-campaigns = 返回全部团伙行动
alerts = 告警
countries = 国家
patterns = 模式
graph = 关联图
graph-tells = 每个点是一条告警，连线表示有共同特征。指向一点可看详情；下表内容相同。
zoom-in = 放大
zoom-out = 缩小
shared = 共同特征
in-alerts = 所在告警数：{ $count }
joined-by = 关联依据
joined-with = 关联数
link-device = 设备
link-sim = SIM 卡
link-template = 短信模板
link-domain = 域名
link-device-range = 同一小区内相近的设备序号
link-range-hour = 号段与时段
link-trunk = 中继
link-sender = 发送者

## Coordination

coordination-tells = 各国一周概况：新增内容、回应速度、正确率以及当前的请求。
week = 周
all-countries = 所有国家
campaigns-new = 新团伙行动
campaigns-gone = 已解散的团伙行动
operations-new = 提议的行动
operations-agreed = 已商定
operations-running = 已开始
operations-closed = 已结束
responses = 回应时间
responses-tell = 半数在此时间内 / 九成在此时间内（数量）。从告警到该国回应；从请求到运营商回执。从联合行动的提议到该国答复。
response-acknowledgement = 已确认
response-status = 已接手
response-verdict = 结论
response-receipt = 请求的回执
response-operation = 联合行动
length-min = { $value } 分钟
length-h = { $value } 小时
length-d = { $value } 天
requests-open = 未结请求
requests-none = 目前没有请求。
digest-csv = 表格 (CSV)
digest-html = 网页 (HTML)

## Joint operations

page-operations = 联合行动
operations = 联合行动
operations-tell = 多国按同一清单共同行动。交换平台上的所有人都能看到名称、国家、日期和阶段。
operations-none = 尚未提议联合行动。
operations-not = 不属于任何联合行动。
operation-title = 名称
operation-proposer = 提议方
operation-countries = 国家及其答复
operation-stage = 阶段
operation-stage-proposed = 已提议
operation-stage-agreed = 已商定
operation-stage-running = 进行中
operation-stage-closed = 已结束
operation-day = 计划日期
operation-lead = 牵头部门
operation-answer-accepted = 参加
operation-answer-declined = 谢绝
operation-answer-left = 已退出
operation-waits = 未答复已 { $value }
operation-otherwise = { $organisation } 曾表示：{ $answer }
operation-outcome = 结果
operation-outcome-suspects-handed-over = 已移交嫌疑人
operation-outcome-sites-closed = 已关闭窝点
operation-outcome-no-result = 无结果
operation-outcome-withdrawn = 已撤回
operation-outcomes-differ = 曾以不同结果结束。显示最新结果，全部列于下方。
operation-suspects = 嫌疑人
operation-sites = 窝点
operation-listed = 涉及内容
operation-listed-by = 列入方
operation-hidden = 不供贵国查看或此处未知的事件：{ $count }
operation-hidden-campaigns = 您无权查看的团伙行动：{ $count }
operation-not-listed = 超出每国上限的补充：{ $count }
operation-lists = 事件：{ $incidents }，团伙行动：{ $campaigns }
operation-said = 各方发言
operation-left-out = 因涉及不供制作方国家查看的事件而略去的消息：{ $count }
operation-left-unheard = 因无效而略去的消息：{ $count }
operation-no-room = 因空间不足而略去的消息：{ $count }
unheard = 无效
unheard-other-proposer = 所指提议方与行动不符
unheard-not-invited = 该国未受邀
unheard-not-in-it = 该国当时未参加
unheard-too-few = 参加国不足两个
unheard-closed = 行动此前已结束
do-propose = 提议联合行动
propose-means = 交换平台上的所有人，无论是否受邀，都会立即看到。名称不得提及任何人，不含个人号码；不要写会惊动对方的地点和时间。
operation-invite = 邀请的国家
do-add = 加入联合行动
add-means = 所有国家均可阅读。即使贵国退出，也会保留在清单中。
do-accept = 参加
do-decline = 谢绝
do-leave = 退出
do-run = 宣布开始
do-close = 结束行动
operation-reason = 理由
operation-which = 哪一个
back-to-coordination = 返回协调页

## Sources

sources = 已接收的运营商
sources-none = 尚未收到任何运营商的消息。
unattributed = 已拒绝，来源不明
last-sequence = 最新序号
missing = 缺失
gaps = { $missing }，缺口数：{ $gaps }
last-published = 最新告警
rejected = 已拒绝
signing-key = 密钥
quiet-source = 一天没有消息
topics = 主题
topic = 主题
read-to = 已读至
behind = 落后
looked = 上次查看
refused-form = 不是告警
refused-unknown-key = 未知密钥
refused-changed-bytes = 内容被更改
refused-changed-header = 消息头被更改
refused-expired-key = 密钥已过期
refused-revoked-key = 密钥已吊销
refused-foreign-source = 密钥属于其他来源
refused-future = 时间超前
refused-published-back = 时间早于先前的告警
refused-sequence-jump = 序号超前太多
refused-sequence-conflict = 序号重复，内容不同
refused-sequence-back = 序号倒退
refused-sources = 来源过多
refused-expired = 已过可处置期限

## Audit

audit-tells = 从本控制台查看和发表过的内容。每条记录含有上一条的哈希。
audit-verify = 校验链
audit-whole = 链完整。记录数：{ $count }。链首：
audit-broken = 链已断裂。已读记录数：{ $count }。
audit-none = 尚无记录。
audit-refused-request = 被拒绝的请求
audit-head-number = 序号
audit-head-at = 时间
audit-head-user = 用户
audit-head-action = 操作
audit-head-about = 对象
audit-head-case = 案件
audit-head-outcome = 结果
