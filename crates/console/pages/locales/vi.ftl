### The console's own texts; those of alerts are in crates/alert/locales/.
### NOT REVIEWED by a native reader, as those of alerts.

## Frame

page-now = Hiện tại
page-bar-list = Danh sách khóa
page-incident = Vụ việc
page-figures = Bản đồ và số liệu
page-campaigns = Chiến dịch
page-coordination = Phối hợp
page-sources = Nguồn
page-audit = Nhật ký kiểm toán
page-sign-in = Đăng nhập
pages = Các trang
skip = Đến nội dung chính
desk-of = Bàn làm việc của { $carrier }
choose-language = Ngôn ngữ
theme = Sáng hay tối
theme-auto = Theo hệ thống
theme-light = Sáng
theme-dark = Tối
sign-in = Đăng nhập
sign-in-by = Đăng nhập bằng { $provider }
sign-in-here = Hoặc bằng tên và mật khẩu của bảng điều khiển này
sign-out = Đăng xuất
user-name = Tên người dùng
password = Mật khẩu
user-role-viewer = người xem
user-role-investigator = điều tra viên
user-role-liaison = cán bộ liên lạc
user-role-auditor = kiểm toán viên
user-role-analyst = chuyên viên chống gian lận
clock = Giờ theo { $zone }; trỏ vào để xem UTC
close = Đóng
send = Gửi
again = Thử lại
print = In
state-loading = Đang tải …

## Keys

keys = Phím tắt
keys-on = Bật phím tắt
key-next = cảnh báo sau
key-before = cảnh báo trước
key-enter = mở
key-esc = quay lại
key-search = tìm kiếm
key-help = trợ giúp này

## Countries

country-CN = Trung Quốc
country-KH = Campuchia
country-LA = Lào
country-MM = Myanmar
country-TH = Thái Lan
country-VN = Việt Nam

## Trouble

error-unreachable = Không kết nối được máy chủ.
error-signed-out = Bạn đã đăng xuất. Hãy đăng nhập lại.
error-wrong-password = Tên hoặc mật khẩu không đúng.
error-forbidden = Vai trò của bạn không được làm việc này.
error-csrf = Trang đã cũ. Hãy tải lại.
error-not-found = Không có gì tại địa chỉ này.
error-method = Không có yêu cầu nào như vậy.
error-form = Biểu mẫu có chỗ chưa đúng. Văn bản không được nêu số của ai: không quá tám chữ số liền nhau.
error-too-many = Quá nhiều yêu cầu. Hãy đợi một lát.
error-too-large = Nội dung quá dài.
error-not-set-up = Bảng điều khiển này không có khóa để làm việc đó.
error-exchange-away = Không kết nối được cụm trao đổi. Chưa gửi gì.
error-home-away = Không kết nối được cụm nội bộ. Chưa mở hay liệt kê gì.
error-holds-untold = Không xác định được yêu cầu tạm hoãn nào đang có hiệu lực nên không liệt kê gì. Lý do có trong nhật ký của bảng điều khiển.
error-starting = Bảng điều khiển còn đang đọc các chủ đề. Hãy thử lại sau giây lát.
error-fault = Máy chủ gặp lỗi. Chi tiết có trong nhật ký của nó.
error-no-role = Nhà cung cấp danh tính biết bạn, nhưng bảng điều khiển này không cấp vai trò nào cho bạn. Hãy hỏi người quản trị.
error-provider-away = Không kết nối được nhà cung cấp danh tính. Hãy thử lại sau giây lát, hoặc đăng nhập bằng tên và mật khẩu của bảng điều khiển này.
error-provider-denied = Nhà cung cấp danh tính không cho bạn vào.
error-provider-unbelieved = Nội dung nhà cung cấp danh tính gửi không đáng tin: không ai được đăng nhập. Lý do có trong nhật ký của bảng điều khiển.
error-sign-in-over = Lần đăng nhập đó đã hết hiệu lực: quá mười phút, quay lại hai lần hoặc bắt đầu ở trình duyệt khác. Hãy bắt đầu lại.
error-other = Máy chủ từ chối: { $code }

## Now

now-none = Chưa có cảnh báo. Cảnh báo sẽ tự hiện ra ở đây.
now-none-filtered = Không có cảnh báo nào khớp bộ lọc.
now-too-broad = Quá nhiều cảnh báo khớp tìm kiếm này. Hãy gõ thêm.
now-more = Hiện cảnh báo cũ hơn
now-held = Tạm dừng khi bạn đọc
now-waiting = đang chờ: { $count }
now-lag = chưa đọc: { $count }
now-alike = tương tự: { $count }
line-live = Trực tiếp
line-away = Mất kết nối; đang thử lại
line-starting = Đang kết nối
filters = Bộ lọc
filter-q = Tìm: mã, token, số, tên miền
filter-country = Quốc gia
filter-source = Nguồn
filter-pattern = Mẫu
filter-severity = Ít nhất
filter-state = Trạng thái
filter-work = Việc của ta
filter-group = Gộp tương tự
filter-all = tất cả
filter-none = Xóa bộ lọc
state-open = đang mở
state-closed = đã đóng
state-cancelled = đã rút lại
stage-new = mới
stage-acknowledged = đã xác nhận
stage-investigating = đang điều tra
stage-joint-operation = chiến dịch chung
stage-referred = đã chuyển giao
stage-disputed = bị tranh cãi
seen-by = đã xem bởi
severity = Mức độ

## Incident

back-to-now = Về tất cả cảnh báo
not-actual = Đây không phải vụ thật: { $status }.
taken-back = Bên phát đã rút lại. Lý do: { $reason }. Người quyết định: { $persons }.
goes-on-in = Vụ này thuộc một vụ khác và tiếp tục tại đó:
hold-in-force = Tạm hoãn có hiệu lực đến { $until }, hồ sơ { $case }: không khóa, không báo cho thuê bao.
verdicts-differ = Kết luận của các nước khác nhau. Tất cả được nêu bên dưới.
why = Vì sao
facts = Thông tin
fact-events = Sự kiện
fact-published = Công bố
fact-actionable = Hành động trước
fact-producer = Nhà mạng
fact-place = Địa điểm
fact-contact = Liên hệ
fact-handling = Quy định sử dụng
fact-retain = Xóa sau
fact-id = Vụ việc
expired = đã hết hạn
confidence = độ tin cậy { $value } trên 100
entities = Ai và cái gì
entity-head-role = Vai trò
entity-head-type = Loại
entity-head-value = Giá trị thấy được
entity-head-country = Quốc gia
entity-head-holder = Chủ dải số
entity-head-token = Token
open-value = Mở giá trị
open-means = Việc mở được ghi vào nhật ký kiểm toán cùng hồ sơ liên quan.
impersonated-means = Bị giả mạo: số chỉ được hiện cho người nghe; chủ của số là nạn nhân, không phải nghi phạm.
case-reference = Số hồ sơ
said = Ý kiến của từng nước
said-none = Chưa nước nào nêu ý kiến.
said-order = Theo thứ tự
said-head-country = Quốc gia
said-head-acknowledged = Đã xác nhận
said-head-stage = Công việc
said-head-verdict = Kết luận
disputes = tranh cãi
requests = Yêu cầu gửi nhà mạng
request-head-measure = Yêu cầu
request-head-by = Bên yêu cầu
request-head-case = Hồ sơ
request-head-until = Đến
request-head-answer = Biên nhận
unanswered = chưa trả lời
in-force = đang có hiệu lực
ended = đã kết thúc
hours-left = số giờ còn lại: { $count }
days-left = số ngày còn lại: { $count }
kind-acknowledgement = đã xác nhận
kind-status = công việc
kind-verdict = kết luận
kind-comment = ghi chú
kind-request = yêu cầu
kind-receipt = biên nhận
kind-suppression = bỏ qua
kind-cancel = rút lại
kind-operation = đề xuất chiến dịch chung
kind-operation-answer = trả lời
kind-operation-addition = bổ sung danh sách
kind-operation-stage = giai đoạn
measure-preserve = lưu giữ bản ghi
measure-hold = tạm hoãn: không khóa, không báo
outcome-accepted = chấp nhận
outcome-refused = từ chối
outcome-asked = đã yêu cầu
outcome-done = đã xong
outcome-failed = thất bại
verdict-0 = không rõ
verdict-1 = báo động sai
verdict-2 = đúng
verdict-3 = bỏ qua
verdict-4 = đáng ngờ
verdict-5 = vô hại
verdict-6 = thử nghiệm
verdict-7 = chưa đủ dữ liệu
verdict-8 = rủi ro an ninh
verdict-9 = nơi khác xử lý
verdict-10 = trùng lặp
verdict-99 = khác
verdict-rest = khác
revisions = Các phiên bản
revision-tells = phiên bản { $revision } · điểm { $score } · đối tượng { $entities }
evidence = Chứng cứ
evidence-tells = Số tham chiếu bản ghi tại nhà mạng: { $count }. Bản ghi ở lại đó và được lấy theo hồ sơ.
evidence-line = Dòng tại nhà mạng (chủ đề / phân vùng / offset)
evidence-root = Gốc Merkle
evidence-kept = Lưu đến
evidence-signed = Ký bằng khóa
evidence-alert = Cảnh báo này (chủ đề / offset)
evidence-pattern = Mẫu và mã băm
sequence = số thứ tự
related = Vụ việc liên quan
related-none = Không biết vụ nào liên quan.
in-campaign = Thuộc một chiến dịch; số cảnh báo: { $count }
why-token = chung token
why-link = nhà mạng nêu
why-campaign = cùng chiến dịch

## Acts

acts = Bạn có thể làm gì
acts-mean = Điều nêu ở đây được ký thay mặt { $writer } và mọi nước đều đọc được.
act-said = Đã gửi. Sẽ hiện bên dưới khi cụm trao đổi nhận được.
do-acknowledge = Xác nhận
do-take = Nhận vụ
do-joint = Chiến dịch chung
do-refer = Chuyển giao
do-verdict = Kết luận
do-comment = Ghi chú
do-preserve = Lưu giữ bản ghi
do-hold = Xin tạm hoãn
verdict-means = Kết luận của bạn đứng cạnh kết luận của bên khác. Báo động sai đánh dấu vụ việc là bị tranh cãi với mọi nước.
comment-means = Một dòng, tối đa 500 byte, mọi nước đều đọc. Không nêu số của ai.
preserve-means = Nhà mạng giữ bản ghi của vụ này và trả lời bằng biên nhận.
hold-means = Nhà mạng không khóa thuê bao và không báo cho họ, tối đa 14 ngày. Nhà mạng có thể từ chối có lý do.
days = Số ngày

## Dossier

dossier = Hồ sơ vụ án
dossier-means = Một tệp đã ký dành cho người tiếp nhận vụ án: cảnh báo, ý kiến, khóa, ai đã mở và xuất, cùng bản tóm tắt in được bằng hai ngôn ngữ. Việc lập hồ sơ được ghi vào nhật ký kiểm toán.
dossier-languages = Ngôn ngữ của bản tóm tắt
dossier-no-proof = Những gì chương trình phát hiện trong lưu lượng và ý kiến của cơ quan chức năng: nghi vấn, không phải bằng chứng. Số được che và thay bằng mã. Giờ là UTC.
dossier-made = Lập lúc
dossier-made-by = Người lập
dossier-left-out = Vụ việc không đưa vào
dossier-suspects = Nghi phạm
dossier-used = Thiết bị và phương tiện khác đã dùng
dossier-innocent = Bị giả mạo và nạn nhân: không phải nghi phạm
dossier-custody = Chuỗi bảo quản
dossier-keys = Khóa đã ký
dossier-holder = Chủ khóa
dossier-valid = Hiệu lực
dossier-signed = Số chữ ký
key-state-valid = còn hiệu lực
key-state-expired = đã hết hạn
key-state-revoked = đã thu hồi

## A carrier's own desk

subscribers = Thuê bao
subscribers-tell = Những ai mà dòng của chính nhà mạng nêu. Được che cho đến khi mở vì một hồ sơ.
subscribers-none = Không lưu dòng nội bộ nào của vụ này.
subscribers-gone = Dòng nội bộ không còn lưu: { $count }
home-line = Dòng nội bộ
bar-list-tells = Ai cần khóa: số gọi và SIM của chính mạng đã hành động trong các vụ được chia sẻ và chưa rút lại. Ai được tạm hoãn bảo vệ thì không có trong danh sách.
bar-list-make = Lập danh sách
bar-list-means = Danh sách nêu rõ thuê bao. Việc lập được ghi vào nhật ký kiểm toán cùng hồ sơ liên quan.
bar-list-days = Số ngày trở lại
bar-list-made = Đã liệt kê: { $listed }. Không liệt kê do tạm hoãn: { $left }.
bar-list-left = Không liệt kê do tạm hoãn

## Figures

span = Thời gian
span-day = 24 giờ
span-week = 7 ngày
span-month = 30 ngày
span-quarter = 90 ngày
figures-none = Không có cảnh báo trong thời gian này.
figures-days = Khu vực, ô sóng và nạn nhân có thể có được đếm theo ngày trọn (UTC); còn lại theo giờ
map = Bản đồ
map-tells = Bản đồ sáu nước. Khu vực có cảnh báo: { $areas }; trạm ô: { $cells }. Số lượng ở các bảng bên cạnh.
map-areas = khu vực
map-cells = trạm ô, chính xác đến huyện
map-borders = Không vẽ biên giới.
map-table = Bảng mọi khu vực và trạm ô
map-cell = Trạm ô
map-within-km = Trong vòng, km
by-country = Theo nước của nhà mạng
by-area = Theo khu vực
area = Khu vực
areas-none = Không cảnh báo nào nêu khu vực.
incidents = Vụ việc
trend = Xu hướng
trend-tells = Số vụ theo thời gian; nhiều nhất trong một bước: { $most }; số bước: { $steps }
trend-table = Xu hướng dưới dạng bảng
hours = Giờ trong ngày theo mẫu
hours-tell = Số vụ theo giờ của bạn
precision = Độ chính xác
precision-tells = Trong những vụ một nước kết luận đúng hay sai, tỷ lệ đúng
precision-none = Chưa ai kết luận cảnh báo nào trong thời gian này.
judged-by = Bên kết luận

## Campaigns

campaigns-tell = Cảnh báo của nhiều nhà mạng gắn với nhau bởi điểm chung.
campaigns-none = Không có chiến dịch nào khớp.
campaigns-live = đang hoạt động
campaigns-dissolved = đã giải thể
campaigns-all = tất cả
campaign = Chiến dịch
campaign-holds = số cảnh báo: { $count }
campaign-further = Cảnh báo khác không lưu ở đây: { $count }
campaign-dissolved = Chiến dịch này đã giải thể.
back-to-campaigns = Về tất cả chiến dịch
alerts = Cảnh báo
countries = Quốc gia
patterns = Mẫu
graph = Liên kết
graph-tells = Mỗi điểm là một cảnh báo; đường nối cho thấy điểm chung. Trỏ vào một điểm để xem thêm. Bảng dưới nêu cùng nội dung.
zoom-in = Phóng to
zoom-out = Thu nhỏ
shared = Điểm chung
in-alerts = số cảnh báo có: { $count }
joined-by = Nối bởi
joined-with = Số liên kết
link-device = thiết bị
link-sim = SIM
link-template = nội dung tin nhắn
link-domain = tên miền
link-device-range = số sê-ri thiết bị gần nhau trong một ô
link-range-hour = dải số và giờ
link-trunk = trung kế
link-sender = người gửi

## Coordination

coordination-tells = Một tuần của mọi nước: có gì mới, được trả lời nhanh đến đâu, đúng đến đâu và hiện đang yêu cầu gì.
week = Tuần
all-countries = Mọi nước
campaigns-new = Chiến dịch mới
campaigns-gone = Chiến dịch đã giải thể
operations-new = Chiến dịch chung được đề xuất
operations-agreed = Đã thống nhất
operations-running = Đã bắt đầu
operations-closed = Đã kết thúc
responses = Thời gian trả lời
responses-tell = Một nửa trong vòng / chín phần mười trong vòng (số lượng). Từ cảnh báo đến câu trả lời của nước đó; từ yêu cầu đến biên nhận của nhà mạng. Từ đề xuất chiến dịch chung đến câu trả lời của nước đó.
response-acknowledgement = Đã xác nhận
response-status = Đã nhận
response-verdict = Kết luận
response-receipt = Biên nhận yêu cầu
response-operation = Chiến dịch chung
length-min = { $value } phút
length-h = { $value } giờ
length-d = { $value } ngày
requests-open = Yêu cầu đang mở
requests-none = Hiện không có yêu cầu nào.
digest-csv = Dạng bảng (CSV)
digest-html = Dạng trang (HTML)

## Joint operations

page-operations = Chiến dịch chung
operations = Các chiến dịch chung
operations-tell = Nhiều nước cùng hành động theo một danh sách. Mọi người trên cụm trao đổi đều đọc được tên, các nước, ngày và giai đoạn.
operations-none = Chưa có chiến dịch chung nào được đề xuất.
operations-not = Không thuộc chiến dịch chung nào.
operation-title = Tên
operation-proposer = Bên đề xuất
operation-countries = Các nước và câu trả lời
operation-stage = Giai đoạn
operation-stage-proposed = đã đề xuất
operation-stage-agreed = đã thống nhất
operation-stage-running = đang tiến hành
operation-stage-closed = đã kết thúc
operation-day = Ngày dự kiến
operation-lead = Bên chủ trì
operation-answer-accepted = tham gia
operation-answer-declined = từ chối
operation-answer-left = đã rút
operation-waits = chưa trả lời đã { $value }
operation-otherwise = { $organisation } nói: { $answer }
operation-outcome = Kết quả
operation-outcome-suspects-handed-over = đã bàn giao nghi phạm
operation-outcome-sites-closed = đã đóng địa điểm
operation-outcome-no-result = không có kết quả
operation-outcome-withdrawn = đã rút lại
operation-outcomes-differ = Đã kết thúc với các kết quả khác nhau. Hiện kết quả mới nhất; tất cả được nêu bên dưới.
operation-suspects = Nghi phạm
operation-sites = Địa điểm
operation-listed = Nội dung
operation-listed-by = Bên đưa vào
operation-hidden = Vụ việc không dành cho nước bạn, hoặc không có ở đây: { $count }
operation-hidden-campaigns = Chiến dịch bạn không được xem: { $count }
operation-not-listed = Bổ sung vượt mức một nước được đưa vào: { $count }
operation-lists = vụ việc: { $incidents }, chiến dịch: { $campaigns }
operation-said = Ai nói gì
operation-left-out = Thông điệp bị bỏ vì nêu vụ việc không dành cho nước của người lập: { $count }
operation-left-unheard = Thông điệp bị bỏ vì không có hiệu lực: { $count }
operation-no-room = Thông điệp bị bỏ vì không đủ chỗ: { $count }
unheard = không có hiệu lực
unheard-other-proposer = nêu bên đề xuất khác
unheard-not-invited = nước này không được mời
unheard-not-in-it = khi đó nước này không tham gia
unheard-too-few = chưa đến hai nước tham gia
unheard-closed = chiến dịch đã kết thúc trước đó
do-propose = Đề xuất chiến dịch chung
propose-means = Mọi người trên cụm trao đổi đọc ngay, được mời hay không. Tên không nêu ai và không có số của ai; đừng ghi nơi và giờ có thể đánh động.
operation-invite = Các nước được mời
do-add = Thêm vào chiến dịch chung
add-means = Mọi nước đều đọc. Mục này vẫn nằm trong danh sách kể cả khi nước bạn rút.
do-accept = Tham gia
do-decline = Từ chối
do-leave = Rút khỏi
do-run = Bắt đầu
do-close = Kết thúc
operation-reason = Lý do
operation-which = Chiến dịch nào
back-to-coordination = Về trang phối hợp

## Sources

sources = Nhà mạng đã nghe
sources-none = Chưa nghe được nhà mạng nào.
unattributed = Bị từ chối, không rõ từ ai
last-sequence = Số mới nhất
missing = Thiếu
gaps = { $missing } trong số khoảng trống: { $gaps }
last-published = Cảnh báo mới nhất
rejected = Từ chối
signing-key = Khóa
quiet-source = im lặng một ngày
topics = Chủ đề
topic = Chủ đề
read-to = Đã đọc đến
behind = Chậm
looked = Lần xem cuối
refused-form = không phải cảnh báo
refused-unknown-key = khóa không rõ
refused-changed-bytes = nội dung bị sửa
refused-changed-header = đầu mục bị sửa
refused-expired-key = khóa hết hạn
refused-revoked-key = khóa bị thu hồi
refused-foreign-source = khóa của nguồn khác
refused-future = thời gian đi trước
refused-published-back = thời gian trước cảnh báo trước đó
refused-sequence-jump = số nhảy quá xa
refused-sequence-conflict = trùng số, nội dung khác
refused-sequence-back = số đi lùi
refused-sources = quá nhiều nguồn
refused-expired = quá hạn xử lý

## Audit

audit-tells = Những gì đã mở và nêu từ bảng điều khiển này. Mỗi mục chứa mã băm của mục trước.
audit-verify = Kiểm tra chuỗi
audit-whole = Chuỗi nguyên vẹn. Số mục: { $count }. Đầu chuỗi:
audit-broken = Chuỗi bị đứt. Số mục đã đọc: { $count }.
audit-none = Chưa ghi gì.
audit-refused-request = Yêu cầu bị từ chối
audit-head-number = Số
audit-head-at = Thời gian
audit-head-user = Người dùng
audit-head-action = Hành động
audit-head-about = Về
audit-head-case = Hồ sơ
audit-head-outcome = Kết quả
