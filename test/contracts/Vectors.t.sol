// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Street} from "./Street.sol";
import {AreaRules, Mandate, EpochStart, Reading, RotateKey, Withdrawal} from "../../contracts/src/IEscrow.sol";
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
            _address("areaRules.token"),
            uint32(_uint("areaRules.intervalSeconds")),
            uint32(_uint("areaRules.batchSeconds")),
            uint32(_uint("areaRules.priceTick")),
            uint32(_uint("areaRules.maxGridPerKwh")),
            uint32(_uint("areaRules.maxBandTicks")),
            vm.parseJsonBool(_json, string.concat(_at, ".values.areaRules.confirmedSellersOnly")),
            uint8(_uint("areaRules.settlingGrade"))
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
        }
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
            TypedData.hashConsent(
                _address("consent.meter"),
                _address("consent.account"),
                _word("consent.rules"),
                uint32(_uint("consent.validFrom"))
            )
        );
        _expect("close", TypedData.hashClose(_address("close.account"), seat, deadline));
        uint32 from = uint32(_uint("confirm.from"));
        _expect(
            "confirm",
            TypedData.hashConfirm(seat, _word("confirm.zone"), uint24(_uint("confirm.nameplateWh")), from, deadline)
        );
        _expect("revoke", TypedData.hashRevoke(seat, from, deadline));
        RotateKey memory rotation = RotateKey(
            _address("rotation.account"),
            _address("rotation.meter"),
            _address("rotation.key"),
            _address("rotation.next"),
            from,
            deadline
        );
        _expect("rotation", hashes.hash(rotation));
    }
}
