### Alerts in words. Shared by the command line and the console.
### NOT REVIEWED by a native reader: whoever has read it takes `unreviewed` out and puts a name and a date here.

## What the language calls itself

language = Tiếng Việt

## A value against its limit, as a sentence

reason = { $what }: { $value }; ngưỡng là { $limit }.
what-in-period = { $what } { $period }
period-2h = trong hai giờ
period-4h = trong bốn giờ
period-6h = trong sáu giờ
period-day = trong một ngày

## Values with their units

unit-s = { $value } giây
unit-km = { $value } km
unit-kmh = { $value } km/h
unit-d = { $value } ngày
unit-ratio = { $value } %
unit-bit = { $value } bit
unit-deviations = lệch { $value } độ lệch so với thường lệ

## What an alert says

message-open = mới
message-update = cập nhật
message-close = đã đóng
message-cancel = đã rút lại
message-victims = nêu thêm nạn nhân
status-exercise = diễn tập
status-test = thử nghiệm

## OCSF

severity-0 = không rõ
severity-1 = thông tin
severity-2 = thấp
severity-3 = trung bình
severity-4 = cao
severity-5 = nghiêm trọng
severity-6 = cực kỳ nghiêm trọng

## Parts that entities play

role-suspect = nghi vấn
role-used = bị sử dụng
role-impersonated = bị giả mạo
role-victim = nạn nhân

## Entities

entity-caller = số gọi
entity-callee = số bị gọi
entity-sim = SIM
entity-device = thiết bị
entity-cell = trạm ô
entity-trunk = trung kế
entity-block = dải số
entity-template = mẫu tin nhắn
entity-domain = tên miền

## Families of patterns

family-sim-box = hộp SIM
family-clone = SIM hoặc thiết bị nhân bản
family-spoofing = giả mạo số gọi hoặc người gửi
family-wangiri = lừa đảo nháy máy
family-toll = gian lận chia sẻ doanh thu
family-robocall = cuộc gọi tự động
family-victim-call = nạn nhân qua điện thoại
family-smishing = tin nhắn lừa đảo
family-otp = lạm dụng mã dùng một lần
family-takeover = chiếm đoạt tài khoản
family-reported = bị người dân báo cáo

## What is recommended

action-block-at-border = chặn số hiển thị trên tuyến quốc tế
action-block-content = chặn tin nhắn có nội dung hoặc liên kết này
action-block-destination = chặn cuộc gọi tới đích này
action-block-range = chặn gọi lại dải số này
action-block-sender = chặn người gửi này
action-hold-transfers = đề nghị ngân hàng tạm giữ giao dịch của nạn nhân
action-locate-site = tìm địa điểm
action-preserve-records = lưu giữ bản ghi
action-trace-route = truy vết tuyến với đối tác
action-verify-device = kiểm tra thiết bị trong sổ đăng ký
action-verify-registration = kiểm tra người đăng ký SIM
action-verify-report = xác minh báo cáo
action-warn-subscribers = cảnh báo thuê bao
action-warn-victims = cảnh báo nạn nhân

## Words beside values

label-disputed = bị phản đối bởi
label-victims = nạn nhân
label-score = điểm
label-recommended = khuyến nghị
label-hidden = ẩn
label-more = thêm { $count }

## Features, by their codes; of `calls_6h` that of `calls` with the period

code-age_days = Tuổi của SIM mới nhất
code-answered_by = Số thuê bao có cuộc gọi được trả lời
code-areas = Số vùng được gọi
code-at_home = Cuộc gọi mang số của thuê bao đang ở trong nước
code-at_once = Cuộc gọi đồng thời
code-busy_s = Tổng thời gian gọi
code-called_back = Số người gọi lại
code-callees = Số người được gọi hoặc nhắn tin
code-callers = Số người gọi
code-calls = Số cuộc gọi
code-cells = Số trạm ô sử dụng
code-codes = Số mã dùng một lần nhận được
code-codes_after = Mã sau cuộc gọi dài của người lạ
code-codes_before = Mã trước cuộc gọi của người lạ thứ hai
code-codes_from_abroad = Mã trong cuộc gọi từ nước ngoài của người lạ
code-codes_in_call = Mã trong cuộc gọi của người lạ
code-codes_in_long_call = Mã trong cuộc gọi dài của người lạ
code-codes_soon = Mã ngay sau cuộc gọi của người lạ
code-codes_to_new_device = Mã gửi tới SIM hoặc thiết bị mới
code-dealers = Số đại lý bán SIM
code-deviation = Độ lệch so với thường lệ vào giờ này
code-devices = Số thiết bị
code-distinct_share = Tỷ lệ số bị gọi khác nhau
code-farthest_km = Khoảng cách xa nhất giữa hai nơi
code-foreign_links = Tin nhắn có liên kết tên miền nước ngoài
code-forwarded = Cuộc gọi chuyển tiếp tới người lạ
code-from_abroad_after = Cuộc gọi từ nước ngoài sau khi có mã
code-journeys = Chuyến di chuyển nhanh đến mức không thể
code-lasts_s = Thời lượng cuộc gọi đến lúc này
code-links = Tin nhắn có liên kết
code-longest_s = Cuộc gọi dài nhất
code-messages = Số tin nhắn
code-near = Cuộc gọi có số gọi gần giống số bị gọi
code-new_services = Số dịch vụ nhắn lần đầu
code-official = Cuộc gọi từ số chính thức
code-police = Báo cáo của cảnh sát
code-premium_hour_s = Thời gian gọi tới dải số giá cao trong một giờ
code-premium_numbers = Số giá cao được gọi
code-premium_s = Thời gian gọi tới dải số giá cao
code-received = Cuộc trò chuyện nhận được
code-recipients = Số người nhận
code-registrants = Số người đăng ký SIM
code-regularity = Độ đều đặn của khoảng cách giữa các cuộc gọi
code-reports = Số báo cáo
code-rings = Cuộc gọi chỉ đổ chuông
code-run = Dãy số liên tiếp dài nhất
code-senders = Số người gửi
code-services = Số dịch vụ gửi mã
code-sims = Số SIM
code-stranger_s = Thời gian gọi với người lạ
code-strangers = Số người lạ được gọi hoặc nhắn tin
code-talk_s = Thời gian đàm thoại
code-test_calls = Cuộc gọi thử đến qua số này
code-texts = Số nội dung khác nhau
code-unanswered = Cuộc gọi không ai trả lời
code-victims = Số nạn nhân được gọi
code-young = SIM mới hoặc nước ngoài chỉ gọi đi

## Shown before everything else

unreviewed = Bản dịch chưa được người bản ngữ duyệt.
