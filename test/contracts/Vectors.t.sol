// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Street} from "./Street.sol";
import {AreaRules} from "../../contracts/src/IAreas.sol";
import {Mandate, ConsentTimes, EpochStart} from "../../contracts/src/ISeats.sol";
import {Reading, RotateKey, Confirmation} from "../../contracts/src/IMeters.sol";
import {Withdrawal, MovePurse} from "../../contracts/src/IPurses.sol";
import {TypedData} from "../../contracts/src/TypedData.sol";

/// The digests that `vectors.test.ts` made, made again here.
contract VectorsTest is Street {
    string private _json;
    string private _at;
    bytes32 private _domain;

    function setUp() public override {
        _json = vm.readFile("test/contracts/vectors.json");
        _domain = _separatorOf(vm.parseJsonUint(_json, ".chainId"), vm.parseJsonAddress(_json, ".escrow"));
    }

    function _uint(string memory field) private view returns (uint256) {
        return vm.parseJsonUint(_json, string.concat(_at, ".values.", field));
    }

    function _int(string memory field) private view returns (int256) {
        return vm.parseJsonInt(_json, string.concat(_at, ".values.", field));
    }

    function _address(string memory field) private view returns (address) {
        return vm.parseJsonAddress(_json, string.concat(_at, ".values.", field));
    }

    function _word(string memory field) private view returns (bytes32) {
        return vm.parseJsonBytes32(_json, string.concat(_at, ".values.", field));
    }

    function _expect(string memory name, bytes32 structHash) private view {
        vm.assertEq(
            keccak256(abi.encodePacked(hex"1901", _domain, structHash)),
            vm.parseJsonBytes32(_json, string.concat(_at, ".digests.", name)),
            name
        );
    }

    function _rulesAt() private view returns (AreaRules memory) {
        return AreaRules(
            uint32(_uint("areaRules.area")),
            _address("areaRules.grid"),
            _address("areaRules.successor"),
            _address("areaRules.token"),
            uint32(_uint("areaRules.intervalSeconds")),
            uint32(_uint("areaRules.batchSeconds")),
            uint32(_uint("areaRules.priceTick")),
            uint32(_uint("areaRules.maxGridPerKwh")),
            uint32(_uint("areaRules.maxBandTicks")),
            uint8(_uint("areaRules.confirmation")),
            uint8(_uint("areaRules.settlingGrade")),
            uint8(_uint("areaRules.allocation")),
            _word("areaRules.watchers"),
            uint32(_uint("areaRules.watcherGraceSeconds"))
        );
    }

    function _mandateAt() private view returns (Mandate memory mandate) {
        mandate.account = _address("mandate.account");
        mandate.meter = _address("mandate.meter");
        mandate.rules = _word("mandate.rules");
        mandate.sellFloor = int24(_int("mandate.sellFloor"));
        mandate.buyCeiling = int24(_int("mandate.buyCeiling"));
        mandate.maxSellWh = uint24(_uint("mandate.maxSellWh"));
        mandate.maxBuyWh = uint24(_uint("mandate.maxBuyWh"));
        mandate.validFrom = uint32(_uint("mandate.validFrom"));
        mandate.validUntil = uint32(_uint("mandate.validUntil"));
        mandate.version = uint32(_uint("mandate.version"));
        mandate.deadline = uint32(_uint("mandate.deadline"));
    }

    function _epochAt() private view returns (EpochStart memory) {
        return EpochStart(
            _address("epoch.account"),
            _word("epoch.rules"),
            _address("epoch.meter"),
            uint16(_uint("epoch.epoch")),
            uint32(_uint("epoch.time")),
            uint48(_uint("epoch.importWh")),
            uint48(_uint("epoch.exportWh"))
        );
    }

    function test_the_same_digests_as_in_typescript() public {
        for (uint256 i = 0; i < 3; ++i) {
            _at = string.concat(".vectors[", vm.toString(i), "]");
            vm.assertEq(hashes.hash(_rulesAt()), vm.parseJsonBytes32(_json, string.concat(_at, ".rulesHash")));
            vm.assertEq(hashes.areaNumber(_rulesAt()), vm.parseJsonUint(_json, string.concat(_at, ".areaNumber")));
            _expect("mandate", hashes.hash(_mandateAt()));
            EpochStart memory epoch = _epochAt();
            _expect("epoch", hashes.hash(epoch));
            Reading memory reading = Reading(
                epoch.meter, epoch.epoch, epoch.time, epoch.importWh, epoch.exportWh, uint8(_uint("reading.quality"))
            );
            _expect("reading", hashes.hash(reading));
            vm.assertEq(
                TypedData.measuredReadingDigest(
                    _domain, epoch.meter, epoch.epoch, epoch.time, epoch.importWh, epoch.exportWh
                ),
                vm.parseJsonBytes32(_json, string.concat(_at, ".digests.measured"))
            );
            _expectInstructions();
            _expectSignedOffChain();
            _expectAgreements();
            _expectGrants();
            _expectDeclared();
        }
    }

    /// What only the server and the page read: its types are written down here a second time.
    function _expectSignedOffChain() private view {
        _expect(
            "order",
            keccak256(
                abi.encode(
                    keccak256(
                        "Order(address account,address meter,bytes32 rules,uint8 market,uint8 side,uint8 timeInForce,int24 limitPrice,uint24 maxWh,uint32 start,uint32 end,uint64 nonce)"
                    ),
                    _address("order.account"),
                    _address("order.meter"),
                    _word("order.rules"),
                    _uint("order.market"),
                    _uint("order.side"),
                    _uint("order.timeInForce"),
                    _int("order.limitPrice"),
                    _uint("order.maxWh"),
                    _uint("order.start"),
                    _uint("order.end"),
                    _uint("order.nonce")
                )
            )
        );
        _expect(
            "cancel",
            keccak256(
                abi.encode(
                    keccak256("CancelOrder(address account,bytes32 order)"),
                    _address("cancel.account"),
                    _word("cancel.order")
                )
            )
        );
        _expect(
            "budget",
            keccak256(
                abi.encode(
                    keccak256("DailyBudget(address account,address meter,bytes32 rules,uint64 amount,uint64 nonce)"),
                    _address("budget.account"),
                    _address("budget.meter"),
                    _word("budget.rules"),
                    _uint("budget.amount"),
                    _uint("budget.nonce")
                )
            )
        );
        _expect(
            "hello",
            keccak256(
                abi.encode(
                    keccak256("AgentHello(address meter,uint32 time)"), _address("hello.meter"), _uint("hello.time")
                )
            )
        );
    }

    function _expectAgreements() private view {
        bytes memory parties = abi.encode(
            keccak256(
                "Agreement(address seller,address sellerMeter,address buyer,address buyerMeter,bytes32 rules,uint8 kind,uint24 amount,int24 price,uint32 start,uint32 end,uint32 noticeSeconds,uint64 nonce)"
            ),
            _address("agreement.seller"),
            _address("agreement.sellerMeter"),
            _address("agreement.buyer"),
            _address("agreement.buyerMeter"),
            _word("agreement.rules")
        );
        bytes memory terms = abi.encode(
            _uint("agreement.kind"),
            _uint("agreement.amount"),
            _int("agreement.price"),
            _uint("agreement.start"),
            _uint("agreement.end"),
            _uint("agreement.noticeSeconds"),
            _uint("agreement.nonce")
        );
        _expect("agreement", keccak256(bytes.concat(parties, terms)));
        _expect(
            "endAgreement",
            keccak256(
                abi.encode(
                    keccak256("EndAgreement(address account,bytes32 agreement,uint32 end)"),
                    _address("endAgreement.account"),
                    _word("endAgreement.agreement"),
                    _uint("endAgreement.end")
                )
            )
        );
    }

    function _expectGrants() private view {
        _expect(
            "sessionKey",
            keccak256(
                abi.encode(
                    keccak256(
                        "SessionKey(address account,address key,bytes32 rules,uint8 sides,int24 lowestPrice,int24 highestPrice,uint32 validFrom,uint32 validUntil)"
                    ),
                    _address("sessionKey.account"),
                    _address("sessionKey.key"),
                    _word("sessionKey.rules"),
                    _uint("sessionKey.sides"),
                    _int("sessionKey.lowestPrice"),
                    _int("sessionKey.highestPrice"),
                    _uint("sessionKey.validFrom"),
                    _uint("sessionKey.validUntil")
                )
            )
        );
        _expect(
            "revokeSessionKey",
            keccak256(
                abi.encode(
                    keccak256("RevokeSessionKey(address account,address key,uint32 from)"),
                    _address("revokeSessionKey.account"),
                    _address("revokeSessionKey.key"),
                    _uint("revokeSessionKey.from")
                )
            )
        );
        _expect(
            "grant",
            keccak256(
                abi.encode(
                    keccak256(
                        "DataGrant(address account,uint64 seat,address grantee,uint8 scope,uint8 granularity,uint32 from,uint32 until,uint64 nonce)"
                    ),
                    _address("grant.account"),
                    _uint("grant.seat"),
                    _address("grant.grantee"),
                    _uint("grant.scope"),
                    _uint("grant.granularity"),
                    _uint("grant.from"),
                    _uint("grant.until"),
                    _uint("grant.nonce")
                )
            )
        );
    }

    function _expectDeclared() private view {
        _expect(
            "declaration",
            keccak256(
                abi.encode(
                    keccak256(
                        "Declaration(bytes32 rules,uint8 kind,uint32 start,uint32 end,uint32 version,bytes32 content,bytes32 evidence)"
                    ),
                    _word("declaration.rules"),
                    _uint("declaration.kind"),
                    _uint("declaration.start"),
                    _uint("declaration.end"),
                    _uint("declaration.version"),
                    _word("declaration.content"),
                    _word("declaration.evidence")
                )
            )
        );
        _expect(
            "invitation",
            keccak256(
                abi.encode(
                    keccak256("Invitation(bytes32 rules,uint32 accounts,uint32 validUntil,uint64 nonce)"),
                    _word("invitation.rules"),
                    _uint("invitation.accounts"),
                    _uint("invitation.validUntil"),
                    _uint("invitation.nonce")
                )
            )
        );
        _expect(
            "documents",
            keccak256(
                abi.encode(
                    keccak256(
                        "DocumentApproval(address account,bytes32 rules,uint32 month,uint32 revision,bytes32 documents)"
                    ),
                    _address("documents.account"),
                    _word("documents.rules"),
                    _uint("documents.month"),
                    _uint("documents.revision"),
                    _word("documents.documents")
                )
            )
        );
        _expect(
            "release",
            keccak256(
                abi.encode(
                    keccak256(
                        "ReportApproval(address account,bytes32 rules,uint32 from,uint32 to,uint32 version,bytes32 manifest)"
                    ),
                    _address("release.account"),
                    _word("release.rules"),
                    _uint("release.from"),
                    _uint("release.to"),
                    _uint("release.version"),
                    _word("release.manifest")
                )
            )
        );
    }

    function _expectInstructions() private view {
        uint64 seat = uint64(_uint("close.seat"));
        uint32 deadline = uint32(_uint("close.deadline"));
        _expect(
            "withdrawal",
            hashes.hash(
                Withdrawal(
                    _address("withdrawal.account"),
                    seat,
                    uint128(_uint("withdrawal.amount")),
                    _address("withdrawal.to"),
                    uint32(_uint("withdrawal.nonce")),
                    deadline
                )
            )
        );
        _expect(
            "consent",
            hashes.hashConsent(
                _address("consent.meter"),
                _address("consent.account"),
                _word("consent.rules"),
                ConsentTimes(uint32(_uint("consent.validFrom")), uint32(_uint("consent.deadline")))
            )
        );
        _expect("close", TypedData.hashClose(_address("close.account"), seat, uint32(_uint("close.version")), deadline));
        uint32 from = uint32(_uint("confirm.from"));
        _expect(
            "confirm",
            hashes.hash(
                Confirmation(
                    seat,
                    _word("confirm.zone"),
                    uint24(_uint("confirm.nameplateWh")),
                    uint8(_uint("confirm.grade")),
                    from,
                    uint32(_uint("confirm.bars")),
                    uint32(_uint("confirm.version")),
                    deadline
                )
            )
        );
        _expect("revoke", TypedData.hashRevoke(seat, from, uint32(_uint("revoke.version")), deadline));
        RotateKey memory rotation = RotateKey(
            _address("rotation.account"),
            _address("rotation.meter"),
            _address("rotation.key"),
            _address("rotation.next"),
            from,
            deadline
        );
        _expect("rotation", hashes.hash(rotation));
        _expectBatches();
    }

    function _expectBatches() private view {
        bytes32 rules_ = _word("approval.rules");
        _expect("approval", TypedData.hashApproval(rules_, _word("approval.header")));
        uint8 reason = uint8(_uint("refusal.reason"));
        _expect("refusal", TypedData.hashRefusal(rules_, _word("refusal.header"), reason));
        MovePurse memory move = MovePurse(
            _address("move.account"),
            uint64(_uint("move.from")),
            uint64(_uint("move.to")),
            uint128(_uint("move.amount")),
            uint32(_uint("move.nonce")),
            uint32(_uint("move.deadline"))
        );
        _expect("move", hashes.hash(move));
    }
}
